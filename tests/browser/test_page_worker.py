# SPDX-License-Identifier: ISC
"""A site with a service worker that passes every request of the site on, as
many do: to a browser those are new requests, which are for nothing."""

import pytest

from stack.processes import wait_until

# Everything of this origin; "clients.claim" for the page that registers it.
WORKER = """
self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => {
	event.waitUntil(self.clients.claim());
});
self.addEventListener('fetch', (event) => {
	if (new URL(event.request.url).origin === location.origin)
		event.respondWith(fetch(event.request));
});
"""
REGISTER = """
const done = arguments[arguments.length - 1];
navigator.serviceWorker.register('/worker.js').then(() => {
	const wait = () => navigator.serviceWorker.controller ? done('ready')
		: setTimeout(wait, 20);
	wait();
}, (error) => done(String(error)));
"""
FORGET = """
const done = arguments[arguments.length - 1];
navigator.serviceWorker.getRegistrations()
	.then((all) => Promise.all(all.map((one) => one.unregister())))
	.then(() => done('gone'), (error) => done(String(error)));
"""


@pytest.fixture(name="worked")
def fixture_worked(person):
    """Somebody whose browser has the worker of this site."""
    file = person.stack.folder / "www" / "worker.js"
    file.write_text(WORKER, "utf-8")
    person.open()
    person.find("#login")
    assert person.driver.execute_async_script(REGISTER) == "ready"
    yield person
    person.open()
    assert person.driver.execute_async_script(FORGET) == "gone"
    file.unlink()


def is_controlled(person):
    """Whether the page came through the worker."""
    return person.run("return navigator.serviceWorker.controller !== null")


def test_a_login_goes_through_it_and_back(worked):
    worked.log_in("?list=mine")
    worked.at("/?list=mine")
    worked.see("120 artists", "#count")
    assert is_controlled(worked)


def test_another_account_and_a_logout_go_through_it(worked):
    worked.log_in()
    worked.click("#switch")
    worked.click("input[value='özkant']")
    worked.click("#agree")
    worked.see("Özkan Neu", "#account-name")
    worked.click("#logout")
    worked.see("You are logged out", ".message")
    assert worked.session_cookie() is None and is_controlled(worked)


def test_a_logout_by_form_goes_through_it(worked):
    worked.log_in()
    worked.run("document.createElement('form').submit.call("
               "document.querySelector('#logout-form'))")
    worked.find("#login")
    worked.at("/")
    assert worked.session_cookie() is None


def test_a_denied_login_shows_its_page_and_starts_again(worked):
    worked.expected = {403}
    worked.open()
    worked.click("#login")
    worked.click("#cancel")
    worked.see("You were not logged in", "h1")
    worked.click("a.do")
    worked.click("#agree")
    worked.see("120 artists", "#count")


# What another site does, on whose behalf the worker asks

SEND = """
const form = document.createElement('form');
form.method = 'post';
form.action = arguments[0];
document.body.append(form);
form.submit();
"""
FRAME = """
const frame = document.createElement('iframe');
frame.src = arguments[0];
document.body.append(frame);
"""


def test_a_form_of_another_site_logs_nobody_out_through_it(worked, elsewhere):
    worked.expected = {403}
    worked.log_in()
    worked.driver.get(elsewhere)
    worked.find("#here")
    worked.run(SEND, worked.stack.url + "/logout")
    worked.see("cross_site")
    assert worked.session_cookie() is not None


def test_a_frame_of_another_site_begins_no_login(worked, elsewhere):
    worked.driver.get(elsewhere)
    worked.find("#here")
    worked.run(FRAME, worked.stack.url + "/login")
    wait_until(lambda: " 403 " in worked.stack.log("access"), 60,
               "the login in a frame was not refused")
    assert worked.cookies() == []
    said = worked.until(lambda: worked.driver.get_log("browser"), "complaint")
    assert all("403" in line["message"] or "frame-ancestors" in line["message"]
               for line in said)
