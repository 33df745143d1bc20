// Checks documents by the schemas of the programs that read them: takes pairs of a document, YAML or JSON, and its schema. Says what is wrong, a line each,
// and ends with 1.
import { readFileSync } from "node:fs";
import Ajv from "ajv";
import Ajv2019 from "ajv/dist/2019.js";
import { parse } from "yaml";

const elsewhere = /"\$ref": *"(https:[^"#]+)"/g; // what other schemas say, of parts of the program that are not used here
let wrong = 0;
for (let i = 2; i < process.argv.length; i += 2) {
    const [document, schema] = process.argv.slice(i, i + 2).map((path) => readFileSync(path, "utf8"));
    const options = { strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false };
    const checker = schema.includes("2019-09") ? new Ajv2019(options) : new Ajv(options);
    for (const url of new Set([...schema.matchAll(elsewhere)].map((match) => match[1])))
        checker.addSchema({}, url);
    const fits = checker.compile(JSON.parse(schema));
    if (!fits(parse(document))) {
        new Set(fits.errors.map(({ instancePath, message }) => `${process.argv[i]}: ${instancePath || "/"} ${message}`)).forEach((line) => console.log(line));
        wrong++;
    }
}
process.exit(wrong > 0 ? 1 : 0);
