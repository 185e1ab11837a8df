// An OpenAPI document against the specification's own schema, by a validator that others wrote.
//
//   node validate.mjs OPENAPI_JSON        prints the version it is valid for; else the errors, and ends with 1
import fs from 'node:fs';
import {Validator} from '@seriousme/openapi-schema-validator';

const validator = new Validator();
const result = await validator.validate(JSON.parse(fs.readFileSync(process.argv[2], 'utf8')));
console.log(result.valid ? `valid ${validator.version}` : JSON.stringify(result.errors, null, 1));
process.exitCode = result.valid ? 0 : 1;
