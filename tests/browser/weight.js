// What a visit costs on the wire, as Chromium counts it: the first one, and
// each page after it. Argument: address of a customer daemon.
const assert = require('assert');
const { launch } = require('./launch');

const FIRST_MAX_BYTES = 40 * 1000;
const [address] = process.argv.slice(2);

// All that came over the network until the page was loaded.
async function visit(page, cdp, path) {
  const answers = new Map();
  const kept = new Set();
  const add = ({ requestId, response }) => {
    if (!response.fromDiskCache && !kept.has(requestId) &&
        !response.url.startsWith('data:')) {
      answers.set(requestId, { url: response.url, bytes: 0,
        encoding: response.headers['Content-Encoding'] });
    }
  };
  const cached = ({ requestId }) => kept.add(requestId);
  const end = ({ requestId, encodedDataLength }) => {
    if (answers.has(requestId)) {
      answers.get(requestId).bytes = encodedDataLength;
    }
  };
  cdp.on('Network.responseReceived', add);
  cdp.on('Network.requestServedFromCache', cached);
  cdp.on('Network.loadingFinished', end);
  await page.goto(address + path, { waitUntil: 'networkidle' });
  assert.strictEqual(await page.locator('tbody tr').count(), 50);
  cdp.off('Network.responseReceived', add);
  cdp.off('Network.requestServedFromCache', cached);
  cdp.off('Network.loadingFinished', end);
  return [...answers.values()];
}

async function main() {
  const browser = await launch();
  const page = await browser.newPage();
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Network.enable');
  const first = await visit(page, cdp, '/suppliers');
  assert.strictEqual(first.length, 6, 'page, two styles, mark, two scripts');
  for (const answer of first) {
    assert.strictEqual(answer.encoding, 'br', answer.url);
    assert.ok(answer.bytes > 0, answer.url);
  }
  const total = first.reduce((sum, answer) => sum + answer.bytes, 0);
  for (const { url, bytes } of first) {
    console.log(`${bytes} ${url.replace(/\/[0-9a-f]{32}\//, '/…/')}`);
  }
  console.log(`first visit: ${total} bytes`);
  assert.ok(total < FIRST_MAX_BYTES, `${total} bytes`);
  for (const path of ['/suppliers?page=2', '/suppliers?q=roastery',
    '/suppliers']) {
    const next = await visit(page, cdp, path);
    assert.deepStrictEqual(next.map((answer) => answer.url), [address + path]);
    console.log(`${path}: ${next[0].bytes} bytes`);
  }
  await browser.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
