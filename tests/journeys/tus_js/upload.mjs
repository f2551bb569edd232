/**
 * Uploads one picture with tus-js-client as it is published, and says what came of it.
 *
 * Argument: a JSON object of `endpoint`, `file`, `token`, `headers`, `urls` (the file where the client keeps
 * the addresses of its uploads), `options` of tus-js-client, `asBuffer` (else it streams the file),
 * `abortAt` (the offset at which the phone stops by itself) and `resume` (go on with the upload
 * that `urls` knows). Prints a JSON object: `offset`, `location`, `headers` of the last reply,
 * `resumed`, `statuses` of all replies, and `kept`, the number of addresses still in `urls`.
 */

import assert from "node:assert/strict";
import { createReadStream, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import * as tus from "tus-js-client";

// A pause doubles up to a second; the list ends when a test's patience would.
const RETRY_DELAYS_MS = [0, 100, 200, 400, 800, ...Array(40).fill(1000)];

const job = JSON.parse(process.argv[2]);
const storage = new tus.FileUrlStorage(job.urls);
const statuses = [];

/** The client's own end: done, or stopped at `abortAt`. */
function ended(source) {
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(source, {
      endpoint: job.endpoint,
      headers: { Authorization: `Bearer ${job.token}`, ...job.headers },
      metadata: { filename: "fog.jpg" },
      retryDelays: RETRY_DELAYS_MS,
      urlStorage: storage,
      ...job.options,
      chunkSize: job.options.chunkSize ?? Number.POSITIVE_INFINITY,
      onAfterResponse: (request, response) => {
        statuses.push(`${request.getMethod()} ${response.getStatus()}`);
      },
      onChunkComplete: (_size, offset) => {
        if (job.abortAt === undefined || offset < job.abortAt) return;
        upload.abort();
        resolve({ offset, location: new URL(upload.url).pathname, headers: {} });
      },
      onSuccess: ({ lastResponse }) => {
        const { headers } = lastResponse.getUnderlyingObject();
        const offset = Number(headers["upload-offset"]);
        resolve({ offset, location: new URL(upload.url).pathname, headers });
      },
      onError: reject,
    });
    begin(upload).catch(reject);
  });
}

async function countKept() {
  return (await storage.findAllUploads()).length;
}

async function begin(upload) {
  if (job.resume) {
    const [previous, ...others] = await upload.findPreviousUploads();
    assert.ok(previous, "There is no upload to go on with.");
    assert.deepEqual(others, []);
    upload.resumeFromPreviousUpload(previous);
  }
  upload.start();
}

const outcome = await ended(job.asBuffer ? readFileSync(job.file) : createReadStream(job.file));
let kept = await countKept();
// The client says that it is done before it has forgotten the address.
for (let tries = 0; kept > 0 && job.options.removeFingerprintOnSuccess && tries < 100; tries += 1) {
  if (job.abortAt !== undefined) break;
  await pause(20);
  kept = await countKept();
}
console.log(JSON.stringify({ ...outcome, statuses, kept }));
process.exit();
