// What the walks through the pages share: a browser, its complaints, and a
// look at each page and state: as it was sent, and on phone and desktop, light
// and dark.
const assert = require('assert');
const fs = require('fs');
const { HtmlValidate } = require('html-validate');
const { launch } = require('./launch');
const { readTree } = require('./tree');

const AXE = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const WIDTHS = { phone: 320, desktop: 1280 };
// Dark has the same elements as light in other colours, whatever the width.
// At a desk, the narrow page stands for the wide one. Two of the views show a
// person both widths and both colours.
const VIEWS = [['phone', 'light'], ['desktop', 'dark']];
const PICTURES = [...VIEWS];
if (!process.env.CAFE_DESK) VIEWS.push(['desktop', 'light']);
if (process.env.CAFE_LONG) {
  VIEWS.push(['phone', 'dark']);
  PICTURES.push(...VIEWS.slice(2));
}
// Rows of a table come from one template: axe and the validator read the first
// of them, since both take time that grows with the square of their number, and
// pictures end some way down. The whole page is measured and its tree is read.
const ROWS = 8;
const PICTURE_HEIGHT = 2400;
// What axe checks, with details of violations only, which halves its time; sure:
// a rule that applies to every page.
const RULES = {
  light: {
    sure: 'target-size',
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa',
      'best-practice'],
    rules: { 'target-size': { enabled: true } },
  },
  dark: {
    sure: 'color-contrast',
    resultTypes: ['violations'],
    runOnly: ['color-contrast', 'link-in-text-block'],
  },
};
const validator = new HtmlValidate({
  extends: ['html-validate:recommended'],
  rules: {
    // either is right; ours is lower case
    'doctype-style': ['error', { style: 'lowercase' }],
    // numbers are shown as typed, so that they can be copied; styles keep
    // them on one line
    'tel-non-breaking': 'off',
    // without scripts, the page of an import under way renews itself
    'meta-refresh': 'off',
  },
});

// A page as it was sent, with the first rows of each table.
function withFirstRows(sent) {
  return sent.replace(/(<tbody[^>]*>)([^]*?)(?=<\/tbody>)/g,
    (_, head, rows) => head + rows.split(/(?=<tr)/).slice(0, ROWS + 1).join(''));
}

// Fields that hang out of their group or page at the left, in the browser.
function outside() {
  return [...document.querySelectorAll('main input:not([type=hidden])')]
    .filter((field) => field.checkVisibility() &&
      field.getBoundingClientRect().left <
        field.closest('fieldset, main').getBoundingClientRect().left)
    .map((field) => field.name);
}

class Walk {
  // looks: whether each state is photographed and checked with axe
  // more: addresses of other daemons that are looked at
  constructor({ address, scripts, folder, looks, more = [] }) {
    Object.assign(this, { address, scripts, folder, looks });
    this.own = [address, ...more, 'data:'];
    this.findings = [];
    this.complaints = [];
    this.elsewhere = [];
    this.states = 0;
    this.titles = new Map();
  }

  async open() {
    this.browser = await launch();
  }

  // A person with a browser of their own.
  async person() {
    const context = await this.browser.newContext({
      javaScriptEnabled: this.scripts, reducedMotion: 'reduce',
    });
    context.on('page', (page) => this.watch(page));
    return context.newPage();
  }

  // Whatever a page tries to run, to ask or to load from elsewhere is noted;
  // and what was sent to it.
  watch(page) {
    page.on('dialog', (dialog) => {
      this.complaints.push(`dialog: ${dialog.message()}`);
      dialog.dismiss();
    });
    page.on('pageerror', (error) => this.complaints.push(`error: ${error}`));
    page.on('console', (message) => {
      if (!/^Failed to load resource: .* status of (4|5)\d\d/.test(
        message.text())) {
        this.complaints.push(`console: ${message.text()}`);
      }
    });
    page.on('request', (request) => {
      const url = request.url();
      if (!this.own.some((address) => url.startsWith(address))) {
        this.elsewhere.push(url);
      }
    });
    page.on('response', (response) => {
      if (response.request().isNavigationRequest() &&
          (response.status() < 300 || response.status() >= 400)) {
        page.refused = response.status() >= 400;
        page.sent = response.text();
        page.sent.catch(() => null); // gone before it was read
      }
    });
  }

  // The page as the daemon sent it: valid, and without anything inline.
  async validate(page, name) {
    const sent = await page.sent;
    const report = await validator.validateString(withFirstRows(sent));
    // a choice of many suppliers has a field for each
    const messages = report.results.flatMap((r) => r.messages).filter(
      (m) => m.ruleId !== 'form-dup-name' ||
        !/"(supplier|left)"/.test(m.message));
    for (const message of messages) {
      this.findings.push(`${name}:${message.line}: ${message.ruleId}: ` +
        message.message);
    }
    this.findings.push(...await page.evaluate(([text, where]) => {
      const all = new DOMParser().parseFromString(text, 'text/html')
        .querySelectorAll('*');
      return [...all].filter((e) => e.matches('style, script:not([src])') ||
        [...e.attributes].some((a) => /^(style$|on)/.test(a.name)))
        .map((e) => `${where}: inline: ${e.outerHTML}`);
    }, [sent, name]));
  }

  // No sideways scrolling: on a phone, and at a zoom of 200 %.
  async reflow(page, name) {
    for (const width of [320, 640]) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await page.evaluate(() =>
        document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(wide <= 0, `${name} is ${wide} px too wide at ${width}`);
      const out = await page.evaluate(outside);
      assert.deepStrictEqual(out, [], `${name} at ${width}`);
    }
  }

  // Nor in a browser whose letters are twice the size.
  async large(paths) {
    const browser = await launch('--blink-settings=defaultFontSize=32');
    const page = await browser.newPage({
      viewport: { width: 1280, height: 800 } });
    for (const path of paths) {
      await page.goto(this.address + path);
      const [size, wide] = await page.evaluate(() => [
        getComputedStyle(document.body).fontSize,
        document.documentElement.scrollWidth - window.innerWidth]);
      assert.strictEqual(size, '32px');
      assert.ok(wide <= 0, `${path} is ${wide} px too wide`);
    }
    await browser.close();
  }

  // Dark is another set of colours for the same elements.
  async axe(page, name, colorScheme) {
    if (!await page.evaluate(() => 'axe' in globalThis)) {
      await page.evaluate(AXE);
    }
    const rules = RULES[colorScheme];
    const found = await page.evaluate(([options, rows]) => globalThis.axe.run({
      exclude: [`tbody tr:nth-child(n + ${rows + 1})`],
    }, options), [rules, ROWS]);
    assert.ok([...found.passes, ...found.violations].some((rule) =>
      rule.id === rules.sure), `axe has checked ${rules.sure}`);
    for (const violation of found.violations) {
      for (const node of violation.nodes) {
        this.findings.push(`${name}: ${violation.id}: ${node.html}: ` +
          node.failureSummary);
      }
    }
  }

  // What screen readers get of it, also as text. Titles tell pages apart.
  async read(page, name) {
    const { text, wrong } = await readTree(page);
    this.findings.push(...wrong.map((what) => `${name}: ${what}`));
    const title = await page.title();
    fs.writeFileSync(`${this.folder}/${name}.txt`, `${title}\n${text}\n`);
    if (page.refused) return; // from several places to the same text
    const kind = new URL(page.url()).pathname // without what it is about
      .replace(/\/(\d+|[\w-]{22})(?=\/|$)/g, '');
    const before = this.titles.get(title) ?? kind;
    this.titles.set(title, before);
    if (before !== kind) {
      this.findings.push(`${name}: “${title}” is also that of ${before}`);
    }
  }

  async picture(page, width, path) {
    const height = await page.evaluate(() =>
      document.documentElement.scrollHeight);
    await page.screenshot({
      path, fullPage: true, timeout: 90000,
      clip: { x: 0, y: 0, width, height: Math.min(height, PICTURE_HEIGHT) },
    });
  }

  // A page in a state that a test has brought it to.
  async look(page, name) {
    this.states += 1;
    if (!this.looks) return;
    await this.validate(page, name);
    await this.read(page, name);
    await this.reflow(page, name);
    for (const view of VIEWS) {
      const [size, colorScheme] = view;
      const width = WIDTHS[size];
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme });
      await this.axe(page, `${name} ${size} ${colorScheme}`, colorScheme);
      if (!PICTURES.includes(view)) continue;
      await this.picture(page, width,
        `${this.folder}/${name}-${size}-${colorScheme}.png`);
    }
    await page.emulateMedia({ colorScheme: 'light' });
  }

  async close() {
    await this.browser.close();
    assert.deepStrictEqual(this.findings, []);
    assert.deepStrictEqual(this.complaints, []);
    assert.deepStrictEqual(this.elsewhere, []);
    console.log(`${this.states} states`);
  }
}

module.exports = { Walk };
