// node run.mjs path/to/expr.js < jobs.json > answers.json
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { evaluate } = await import(pathToFileURL(process.argv[2]).href);
const answers = JSON.parse(readFileSync(0, "utf8")).map(({ tree, row, env }) => {
  try {
    return evaluate(tree, row, env);
  } catch (error) {
    return { error: String(error.stack) };
  }
});
process.stdout.write(JSON.stringify(answers));
