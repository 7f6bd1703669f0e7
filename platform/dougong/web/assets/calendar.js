// Days and instants in the workspace's zone, as expr/types.py's Calendar: clocks kept over days, never running backwards.
// A calendar is {zone, week: [0 is Monday …], holidays: ['YYYY-MM-DD'], make_up_days: [...]}. Days are text, instants milliseconds.

const DAY = 86400000;
const FIRST = Date.parse("0001-01-01T00:00:00Z");
const LAST = Date.parse("9999-12-31T23:59:59.999Z");
const LONGEST_BREAK = 400;
const clocks = new Map();

function clock(zone) {
  if (!clocks.has(zone)) {
    clocks.set(zone, new Intl.DateTimeFormat("en-US-u-ca-iso8601", {
      timeZone: zone, hourCycle: "h23", era: "short",
      year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric",
    }));
  }
  return clocks.get(zone);
}

/** The zone's distance from UTC. Before 1800 it never changed, and Intl would count days as Caesar did. */
function offset(instant, calendar) {
  const at = Math.min(Math.max(instant, Date.UTC(1800, 0, 1)), LAST - 2 * DAY);
  const part = Object.fromEntries(clock(calendar.zone).formatToParts(at).map((p) => [p.type, p.value]));
  const wall = new Date(0);
  wall.setUTCFullYear(Number(part.year), Number(part.month) - 1, Number(part.day));
  wall.setUTCHours(Number(part.hour), Number(part.minute), Number(part.second), ((at % 1000) + 1000) % 1000);
  return wall.getTime() - at;
}

/** The wall clock at an instant, as milliseconds of a UTC clock that shows the same. */
const wallOf = (at, calendar) => at + offset(at, calendar);
const within = (at) => (at >= FIRST && at <= LAST ? at : null);
const dayText = (wall) => (within(wall) === null ? null : new Date(wall).toISOString().slice(0, 10));
const wallDay = (day) => Date.parse(`${day}T00:00:00Z`);

/** The first millisecond after `before` with the offset that `after` has. */
function transition(before, after, calendar) {
  const fresh = offset(after, calendar);
  let low = before;
  let high = after;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle, calendar) === fresh) high = middle;
    else low = middle;
  }
  return high;
}

/** The instant of a wall clock: the first of two; one that is left out becomes the moment of the jump. */
function instant(wall, calendar) {
  const early = offset(wall - DAY - DAY / 2, calendar);
  const late = offset(wall + DAY + DAY / 2, calendar);
  for (const known of [early, late]) {
    if (offset(wall - known, calendar) === known) return wall - known;
  }
  return transition(wall - late, wall - early, calendar);
}

/** The wall clock at `at`; an hour that comes twice is shown the second time as its end. */
function steadyWall(at, calendar) {
  const wall = wallOf(at, calendar);
  const own = wall - at;
  const early = offset(wall - DAY - DAY / 2, calendar);
  if (early > own && offset(wall - early, calendar) === early) return transition(wall - early, at, calendar) + early;
  return wall;
}

/** [year, month, day, hour, minute, second] on the wall clock. */
export function localParts(at, calendar) {
  const wall = new Date(wallOf(at, calendar));
  return [wall.getUTCFullYear(), wall.getUTCMonth() + 1, wall.getUTCDate(), wall.getUTCHours(), wall.getUTCMinutes(), wall.getUTCSeconds()];
}

export function validDay(text) {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text < "0001") return false;
  const wall = wallDay(text);
  return !Number.isNaN(wall) && dayText(wall) === text;
}

export function dayOf(at, calendar) {
  return dayText(wallOf(at, calendar));
}

export function startOf(day, calendar) {
  return Math.max(instant(wallDay(day), calendar), FIRST);
}

export function addDays(day, count) {
  return dayText(wallDay(day) + count * DAY);
}

export function daysBetween(from, to) {
  return Math.round((wallDay(to) - wallDay(from)) / DAY);
}

function isWorkday(wall, calendar) {
  const day = dayText(wall);
  const weekday = (new Date(wall).getUTCDay() + 6) % 7;
  return (calendar.make_up_days ?? []).includes(day) || (calendar.week.includes(weekday) && !(calendar.holidays ?? []).includes(day));
}

function nextWorkday(wall, step, calendar) {
  for (let tries = 0; tries < LONGEST_BREAK; tries++) {
    wall += step;
    if (within(wall) === null) return null;
    if (isWorkday(wall, calendar)) return wall;
  }
  return null;
}

function plusWorkdays(wall, count, calendar) {
  const step = count > 0 ? DAY : -DAY;
  if (within(wall) === null) return null;
  if (!isWorkday(wall, calendar)) wall = nextWorkday(Math.floor(wall / DAY) * DAY, DAY, calendar);
  for (let left = Math.abs(count); left && wall !== null; left--) wall = nextWorkday(wall, step, calendar);
  return wall;
}

function moved(wall, span, calendar) {
  const at = within(wall + span.days * DAY);
  return at !== null && span.workdays ? plusWorkdays(at, span.workdays, calendar) : at;
}

/** `at` moved by a span: days on the wall clock first, then exact time. Never decreasing in `at`. */
export function plus(at, span, calendar) {
  if (span.days || span.workdays) {
    const wall = moved(steadyWall(at, calendar), span, calendar);
    if (wall === null) return null;
    at = instant(wall, calendar);
  }
  return within(at + span.millis);
}

export function plusDays(day, span, calendar) {
  const wall = moved(wallDay(day), span, calendar);
  return wall === null ? null : dayText(wall);
}
