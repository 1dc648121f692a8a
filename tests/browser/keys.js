// A person without a mouse: keys alone, and what has the focus is in sight and
// shows that it has it.
const assert = require('assert');

const STOPS = 600; // more than any page has
const SKIP = 'a Skip to the content';

// What has the focus, in the browser: its place among the stops, what it is
// called, what is wrong with it, and whether it is wanted. Its style is compared
// with that which it has when the focus is elsewhere.
function look() {
  const wrong = [];
  const style = (e) => {
    const { outline, boxShadow } = getComputedStyle(e);
    return `${outline} ${boxShadow}`;
  };
  const { keysStop: before, keysWanted } = globalThis;
  const e = document.activeElement;
  const here = Boolean(keysWanted && keysWanted.includes(e));
  if (before && before.element.isConnected && before.element !== e &&
      before.style === style(before.element)) {
    wrong.push(`${before.name} looks the same with the focus`);
  }
  globalThis.keysStop = null;
  if (e === null || e === document.body) return { name: '', wrong, here };
  const name = `${e.localName}${e.id && `#${e.id}`} ` +
    (e.labels?.[0]?.textContent || e.textContent || e.value || '').trim()
      .replace(/\s+/g, ' ').slice(0, 40);
  globalThis.keysStop = { element: e, style: style(e), name };
  const { outlineStyle, outlineWidth } = getComputedStyle(e);
  if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) {
    wrong.push(`${name} has no outline`);
  }
  const { innerWidth: width, innerHeight: height } = window;
  let box = e.getClientRects()[0] || e.getBoundingClientRect();
  // of a text of many lines, that with the cursor is in sight
  if (e.localName === 'textarea') {
    const top = Math.max(0, box.top);
    box = new DOMRect(box.left, top, box.width,
      Math.min(box.bottom, height) - top);
    if (box.height < 24) wrong.push(`${name} is hardly in sight`);
  }
  if (box.width < 1 || box.height < 1) wrong.push(`${name} has no size`);
  if (box.left < 0 || box.right > width || box.top < 0 ||
      (box.bottom > height && box.height < height)) {
    wrong.push(`${name} is outside the window: ` +
      [box.left, box.top, box.right, box.bottom].map(Math.round).join(' '));
  }
  // neither the head of a list that stays lies upon it, nor a bar
  const bottom = Math.min(box.bottom, height);
  for (const y of [box.top + 2, (box.top + bottom) / 2, bottom - 2]) {
    const top = document.elementFromPoint(box.left + box.width / 2, y);
    if (top === null || !(e.contains(top) || top.contains(e) ||
        [...(e.labels || [])].some((label) => label.contains(top)))) {
      wrong.push(`${name} is under ${top && top.outerHTML.slice(0, 80)}`);
      break;
    }
  }
  const all = [...document.querySelectorAll('*')];
  const group = (o) => o.type === 'radio' && e.type === 'radio' &&
    o.name === e.name && o.form === e.form;
  return { name, wrong, here, place: all.findIndex((o) => o === e || group(o)) };
}

// The places where the focus should stop, in the order of the text. Radio
// buttons of one name are one stop.
function stops() {
  const all = [...document.querySelectorAll('*')];
  const places = all.filter((e) => !e.disabled &&
    e.matches('a[href], button, input:not([type=hidden]), select, textarea, ' +
      'summary') && e.checkVisibility({ visibilityProperty: true }))
    .map((e) => all.findIndex((o) => o === e || (e.type === 'radio' &&
      o.type === 'radio' && o.name === e.name && o.form === e.form)));
  return [...new Set(places)];
}

class Keys {
  // back: whether each round is made there and back
  constructor(page, back) {
    this.page = page;
    this.back = back;
  }

  // One step on, or back; the name is '' out of the page.
  async tab(back = false) {
    await this.page.keyboard.press(back ? 'Shift+Tab' : 'Tab');
    const { wrong, ...stop } = await this.page.evaluate(look);
    assert.deepStrictEqual(wrong, [], this.page.url());
    return stop;
  }

  async says(text) {
    const { page } = this;
    await page.locator('main', { hasText: text }).waitFor({ timeout: 15000 })
      .catch(async () => assert.fail(`${page.url()} does not say: ${text}\n` +
        await page.innerText('main')));
  }

  async has(wanted) {
    return wanted.evaluateAll((all) => all.includes(document.activeElement));
  }

  // Tab until one of them has the focus.
  async to(selector, back = false) {
    const wanted = typeof selector === 'string'
      ? this.page.locator(selector) : selector;
    await wanted.evaluateAll((all) => { globalThis.keysWanted = all; });
    for (let i = 0; i < STOPS; i += 1) {
      const { here } = await this.tab(back);
      if (here) return;
    }
    assert.fail(`no way to ${selector} by keyboard: ${this.page.url()}`);
  }

  async press(selector, key = 'Enter', back = false) {
    await this.to(selector, back);
    await this.page.keyboard.press(key);
  }

  // To another page, which is there in full.
  async go(selector, key = 'Enter', back = false) {
    await this.to(selector, back);
    await Promise.all([
      this.page.waitForEvent('load'), this.page.keyboard.press(key)]);
    // a notice gets the focus some time after that, unless keys are faster
    const notice = this.page.locator('[autofocus]');
    if (await notice.count() > 0) {
      await this.page.locator('[autofocus]:focus').waitFor();
    }
  }

  async write(selector, text) {
    await this.to(selector);
    await this.page.keyboard.press('Control+A');
    await this.page.keyboard.type(text);
  }

  // An option of a list, by its first letters.
  async choose(selector, option) {
    await this.to(selector);
    await this.page.keyboard.type(option);
    const chosen = await this.page.evaluate(() =>
      document.activeElement.selectedOptions[0].textContent);
    assert.ok(chosen.startsWith(option), `${chosen}, not ${option}`);
  }

  // The places of the stops until the skip link, which is the first, comes
  // again, or the end of the page.
  async pass(back = false) {
    const found = [];
    for (let i = 0; i < STOPS; i += 1) {
      const { name, place } = await this.tab(back);
      if (!back && (!name || name === SKIP)) return found;
      // a date has several parts
      if (name && place !== found.at(-1)) found.push(place);
      if (name === SKIP) return found;
    }
    return assert.fail(`${this.page.url()} keeps the focus`);
  }

  async same(found, wanted) {
    const what = (places) => this.page.evaluate((numbers) => {
      const all = document.querySelectorAll('*');
      return numbers.map((n) => all[n].outerHTML.slice(0, 120));
    }, places);
    const missing = wanted.filter((place) => !found.includes(place));
    const extra = found.filter((place) => !wanted.includes(place));
    assert.deepStrictEqual([await what(missing), await what(extra)], [[], []],
      this.page.url());
    const first = found.filter((place, n) => place !== wanted[n]).slice(0, 1);
    assert.deepStrictEqual(await what(first), [],
      `${this.page.url()}: out of order`);
  }

  // Every stop once, in the order of the text; the first one leads past the
  // banner.
  async round() {
    const { page } = this;
    await this.to('.skip');
    const wanted = await page.evaluate(stops);
    await this.same([wanted[0], ...await this.pass()], wanted);
    if (this.back) {
      await this.same((await this.pass(true)).reverse(), wanted);
    } else if (!await this.has(page.locator('.skip'))) {
      await this.to('.skip');
    }
    await page.keyboard.press('Enter');
    const inside = page.locator('main').locator('a[href], button, summary, ' +
      'input:not([type=hidden]), select, textarea');
    if (await inside.count() > 0) {
      await this.tab();
      assert.ok(await this.has(inside), `${page.url()}: past the banner`);
    }
  }
}

module.exports = { Keys };
