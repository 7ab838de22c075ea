# SPDX-License-Identifier: ISC
"""What scripts of the page can get hold of: nothing. And what another tab
learns: at once."""

EVERYTHING = """
return JSON.stringify([document.cookie, document.documentElement.outerHTML,
	location.href, { ...localStorage }, { ...sessionStorage },
	performance.getEntries().map((entry) => entry.name)]);
"""
STORES = """
const done = arguments[arguments.length - 1];
Promise.all([indexedDB.databases(), caches.keys(),
	navigator.serviceWorker.getRegistrations()])
	.then((all) => done(all.map((list) => list.length)));
"""


def test_scripts_see_no_cookie_and_no_token(listener):
    stack = listener.stack
    secrets = [s["value"] for s in stack.spotify.secrets()]
    cookie = listener.session_cookie()
    assert len(secrets) > 3 and cookie["httpOnly"]
    assert listener.run("return document.cookie") == ""
    seen = listener.run(EVERYTHING)
    for secret in [*secrets, cookie["value"]]:
        assert secret not in seen
    answers = listener.run(
        "return Promise.all(['session', 'artists'].map((path) => "
        "fetch(path).then((answer) => answer.text())))")
    for secret in [*secrets, cookie["value"]]:
        assert not any(secret in text for text in answers)


def test_nothing_is_left_in_the_browser_but_the_cookie(listener):
    assert listener.run("return localStorage.length") == 0
    assert listener.run("return sessionStorage.length") == 0
    assert listener.driver.execute_async_script(STORES) == [0, 0, 0]
    ours = [cookie for cookie in listener.cookies()
            if cookie["name"] != "simulated_spotify_account"]
    assert [cookie["name"] for cookie in ours] == ["spotify-session"]


def test_the_cookie_is_not_for_other_sites_scripts_or_http(listener):
    cookie = listener.session_cookie()
    assert (cookie["sameSite"], cookie["path"]) == ("Lax", "/")
    assert cookie["httpOnly"] and not cookie["session"]


def test_a_logout_in_one_tab_is_seen_in_the_other(listener):
    first = listener.driver.current_window_handle
    second = listener.new_tab()
    listener.open()
    listener.see("120 artists", "#count")
    listener.click("#logout")
    listener.see("You are logged out", ".message")
    listener.driver.switch_to.window(first)
    listener.find("#login")
    listener.see("Your login ended", ".message")
    assert listener.artists() == []
    listener.click("#login")
    listener.see("120 artists", "#count")
    listener.driver.switch_to.window(second)
    listener.see("120 artists", "#count")


def test_another_account_in_one_tab_is_seen_in_the_other(listener):
    first = listener.driver.current_window_handle
    listener.stack.spotify.settings(consent="ask")
    listener.new_tab()
    listener.open()
    listener.click("#switch")
    listener.click("input[value='özkant']")
    listener.click("#agree")
    listener.see("0 artists", "#count")
    listener.driver.switch_to.window(first)
    listener.see("Özkan Neu", "#account-name")
    listener.see("0 artists", "#count")


def test_hostile_names_and_addresses_stay_text(listener):
    bad = ["javascript:alert(1)", "https://open.spotify.com.evil.example/x",
           "http://evil.example/", "//evil.example/", "data:text/html,x", 7]
    artists = [{"name": "<img src=x onerror=alert(1)>", "url": url,
                "images": [{"url": url, "width": 1}]} for url in bad]
    listener.run("""
        const list = { artists: arguments[0], complete: true, stale: false };
        window.fetch = () => Promise.resolve(Response.json(list));""",
                 [*artists, None, 7, {"images": "x", "genres": {}}])
    listener.click("#reload")
    listener.see("7 artists", "#count")
    assert artists[0]["name"] in listener.artists()
    assert not listener.all("#artists a") and not listener.all("#artists img")
