// One Chromium for a test file; each person is a fresh profile of it.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

/** Where Chromium is, and how it runs without a screen and without talking to anybody else. */
export const executable = process.env.CHROMIUM ?? '/usr/bin/chromium';
export const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

/** Starts headless Chromium from the system. */
export function launch() {
  return chromium.launch({ executablePath: executable, args: flags });
}

/** A person's own browser: nothing shared with others. Errors of the page are collected in `page.faults`. */
export async function person(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.faults = [];
  page.on('pageerror', (error) => page.faults.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') page.faults.push(message.text());
  });
  return page;
}

/** A person whose browser lets no page keep anything; `profile` is an empty folder. */
export async function forgetful(profile) {
  await mkdir(path.join(profile, 'Default'));
  const preferences = { profile: { default_content_setting_values: { cookies: 2 } } };
  await writeFile(path.join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
  const options = { executablePath: executable, args: flags, locale: 'en-GB', bypassCSP: true, reducedMotion: 'reduce' };
  const context = await chromium.launchPersistentContext(profile, options);
  return context.newPage();
}

/** What axe finds against WCAG 2.2 A and AA; it runs inside the page, so the page must be opened with `bypassCSP`. */
export async function violations(page) {
  await page.evaluate(axe.source);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
  const found = await page.evaluate((values) => globalThis.axe.run({ runOnly: { type: 'tag', values } }), tags);
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(' ')).join(', ')}`);
}
