// SPDX-License-Identifier: ISC
//
// visit.mjs FIREFOX SITE: somebody with Firefox logs in by <spotify-login> on
// SITE/element.html and logs out, then visits the site's own page and does the
// same there. Prints what has been seen, as JSON.
import puppeteer from 'puppeteer-core';

const [firefox, site] = process.argv.slice(2);
const seen = { complaints: [] };
const browser = await puppeteer.launch({
	browser: 'firefox', executablePath: firefox, headless: true });
try {
	const page = await browser.newPage();
	page.setDefaultTimeout(60000);
	page.on('console', (line) => {
		if (line.type() === 'error')
			seen.complaints.push(line.text());
	});
	page.on('pageerror', (error) => seen.complaints.push(String(error)));
	const text_of = async (selector) => {
		const found = await page.waitForSelector(selector, { visible: true });
		return found.evaluate((element) => element.textContent);
	};
	const click = async (selector) => {
		const found = await page.waitForSelector(selector, { visible: true });
		await found.click();
	};

	await page.goto(`${site}/element.html`);
	seen.link = await text_of('spotify-login[data-state=out] > a');
	await click('spotify-login[data-state=out] > a');
	seen.name = await text_of('spotify-login[data-state=in] > span');
	seen.back = new URL(page.url()).pathname;
	seen.cookies = await page.evaluate(() => document.cookie);
	await click('spotify-login[data-state=in] > button');
	await text_of('spotify-login[data-state=out] > a');
	seen.told = await page.evaluate(() => globalThis.told);

	await page.goto(`${site}/`);
	await click('#login');
	await page.waitForSelector('#artists > li', { visible: true });
	seen.account = await text_of('#account-name');
	seen.artists = await page.$$eval('#artists > li', (all) => all.length);
	await click('#logout');
	await page.waitForSelector('#welcome', { visible: true });
} finally {
	await browser.close();
}
console.log(JSON.stringify(seen));
