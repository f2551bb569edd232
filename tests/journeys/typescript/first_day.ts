/**
 * What a phone does on its first day, by the types of the public document alone.
 *
 * Arguments: the API's address, a username that is free, the file of a JPEG of 600 by 750 pixels.
 */

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";

import createClient from "openapi-fetch";

import type { components, paths } from "./api.js";

type Draft = components["schemas"]["Draft"];
type Photo = components["schemas"]["Photo"];
type Post = components["schemas"]["Post"];
type Problem = components["schemas"]["Problem"];
type Session = components["schemas"]["Session"];
type Api = ReturnType<typeof createClient<paths>>;

const REQUEST_MS = 20_000;
const WITHIN_MS = 30_000;
const PAUSE_MS = 100;

/** A client of the API; with a token it speaks for its owner. */
function apiAt(address: string, token?: string): Api {
  return createClient<paths>({
    baseUrl: address,
    headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
    fetch: (request) => fetch(request, { signal: AbortSignal.timeout(REQUEST_MS) }),
  });
}

/** The body of a reply that is no refusal. */
async function told<Body>(
  asked: Promise<{ data?: Body; error?: Problem; response: Response }>,
): Promise<Body> {
  const { data, error, response } = await asked;
  if (data === undefined) {
    throw new Error(`${response.url}: ${response.status} ${JSON.stringify(error)}`);
  }
  return data;
}

/** The refusal: every operation's errors are of the one type `Problem`. */
async function refused(asked: Promise<{ error?: Problem; response: Response }>): Promise<Problem> {
  const { error, response } = await asked;
  assert.ok(error, `${response.url}: ${response.status} is no refusal`);
  assert.equal(error.status, response.status);
  return error;
}

/** What `look` finds, once it finds something. */
async function eventually<Found>(look: () => Promise<Found | undefined>): Promise<Found> {
  const end = Date.now() + WITHIN_MS;
  while (Date.now() < end) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(PAUSE_MS);
  }
  throw new Error(`Not within ${WITHIN_MS} ms: ${look}`);
}

async function signUp(anyone: Api, username: string): Promise<Session> {
  const { user, session } = await told(
    anyone.POST("/v1/users", {
      body: { username, email: `${username}@mail.example`, password: "correct horse battery" },
    }),
  );
  assert.equal(user.username, username);
  return session;
}

/** The photo when it is ready, with its measures. */
async function sendPicture(api: Api, file: string): Promise<Photo> {
  const form = new FormData();
  form.set("file", new Blob([await readFile(file)], { type: "image/jpeg" }), "fog.jpg");
  const { photo } = await told(
    api.POST("/v1/photos", {
      // Bytes are a string to the document, as JSON Schema knows no other type for them.
      body: form as unknown as { file: string },
      bodySerializer: (body) => body,
    }),
  );
  const path = { photo_id: photo.id };
  const ready = await eventually(async () => {
    const now = await told(api.GET("/v1/photos/{photo_id}", { params: { path } }));
    assert.notEqual(now.state, "failed", now.failure ?? "");
    return now.state === "ready" ? now : undefined;
  });
  // @ts-expect-error -- it is null while the photo is processed, and the types say so.
  ready.width.toFixed();
  assert.deepEqual([ready.width, ready.height], [600, 750]);
  return ready;
}

async function publish(api: Api, photo: Photo, caption: string): Promise<Post> {
  // @ts-expect-error -- a post without photos is none.
  const empty: Draft = { caption };
  assert.equal((await refused(api.POST("/v1/posts", { body: empty }))).status, 422);
  const { post } = await told(
    api.POST("/v1/posts", { body: { photo_ids: [photo.id], caption } }),
  );
  assert.deepEqual(post.hashtags, ["typescript"]);
  for (const shown of post.photos.flatMap((one) => one.renditions)) {
    const bytes = await (await fetch(new URL(shown.url))).arrayBuffer();
    assert.equal(bytes.byteLength, shown.bytes);
  }
  return post;
}

/** The post in the home timeline and on the page of its tag. */
async function readBoth(api: Api, post: Post): Promise<void> {
  const atHome = await eventually(async () => {
    const home = await told(api.GET("/v1/timelines/home", { params: { query: { limit: 5 } } }));
    return home.items.find((item) => item.id === post.id);
  });
  assert.equal(atHome.author.username, post.author.username);
  await eventually(async () => {
    const path = { tag: "TypeScript" };
    const page = await told(api.GET("/v1/timelines/tags/{tag}", { params: { path } }));
    return page.items.find((item) => item.id === post.id);
  });
}

async function refresh(anyone: Api, session: Session): Promise<Session> {
  const { session: next } = await told(
    anyone.POST("/v1/sessions/refresh", { body: { refresh_token: session.refresh_token } }),
  );
  assert.equal(next.id, session.id);
  assert.notEqual(next.access_token, session.access_token);
  return next;
}

/** The post after its change; who has seen an older version changes nothing. */
async function edit(api: Api, post: Post): Promise<Post> {
  const change = (caption: string, version: number) =>
    api.PATCH("/v1/posts/{post_id}", {
      params: { path: { post_id: post.id }, header: { "If-Match": `"${version}"` } },
      body: { caption },
    });
  const { post: edited } = await told(change("Sun #typescript", post.version));
  assert.equal(edited.caption, "Sun #typescript");
  assert.ok(edited.version > post.version);
  const late = await refused(change("Rain #typescript", post.version));
  assert.deepEqual([late.status, late.code], [412, "precondition_failed"]);
  return edited;
}

async function remove(api: Api, post: Post): Promise<void> {
  const path = { post_id: post.id };
  const header = { "If-Match": `"${post.version}"` };
  const { response } = await api.DELETE("/v1/posts/{post_id}", { params: { path, header } });
  assert.equal(response.status, 204);
  const gone = await refused(api.GET("/v1/posts/{post_id}", { params: { path } }));
  assert.deepEqual([gone.status, gone.code], [404, "not_found"]);
}

async function firstDay(address: string, username: string, file: string): Promise<void> {
  const anyone = apiAt(address);
  const session = await signUp(anyone, username);
  console.log("signed up");
  const before = apiAt(address, session.access_token);
  const photo = await sendPicture(before, file);
  console.log("photo ready");
  const post = await publish(before, photo, "Fog #TypeScript");
  console.log("published");
  await readBoth(before, post);
  console.log("read at home and by its tag");
  const api = apiAt(address, (await refresh(anyone, session)).access_token);
  console.log("refreshed");
  const edited = await edit(api, post);
  console.log("edited");
  await remove(api, edited);
  console.log("deleted");
}

const [address, username, file] = process.argv.slice(2);
assert.ok(address && username && file, "Say the address, a username and the file of a picture.");
await firstDay(address, username, file);
