// Imports modules of the reference, wherever the script that asks for them lies.
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const installation = process.env.AZTEC_REFERENCE_DIR;
if (!installation) {
  throw new Error('AZTEC_REFERENCE_DIR is not set: it names the folder with the reference packages');
}
const { resolve } = createRequire(join(installation, 'package.json'));

/** Gives a module of the packages `@aztec/*` 4.1.2 that are installed in AZTEC_REFERENCE_DIR. */
export const load = name => import(pathToFileURL(resolve(name)).href);
