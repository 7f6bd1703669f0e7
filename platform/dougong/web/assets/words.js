// The words that scripts say, in the page's language; {n} and the like are filled.
let words;

export function word(key, values = {}) {
  words ??= JSON.parse(document.documentElement.dataset.words);
  return words[key].replace(/\{(\w+)\}/g, (_, name) => values[name]);
}
