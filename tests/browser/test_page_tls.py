# SPDX-License-Identifier: ISC
"""The whole way over TLS, under a name, with __Host- cookies."""


def test_log_in_see_the_list_log_out(tls_person):
    person = tls_person
    person.log_in()
    person.see("120 artists", "#count")
    person.at("/")
    cookie = person.session_cookie()
    assert cookie["name"] == "__Host-spotify-session"
    assert cookie["secure"] and cookie["httpOnly"]
    assert (cookie["domain"], cookie["path"]) == ("music.test", "/")
    assert cookie["sameSite"] == "Lax"
    assert person.run("return document.cookie") == ""
    assert person.run("return isSecureContext") is True
    person.click("#refresh")
    person.see("Still fresh", ".message")
    person.click("#logout")
    person.see("You are logged out", ".message")
    assert person.session_cookie() is None


def test_the_login_has_a_cookie_of_its_own_meanwhile(tls_person):
    tls_person.open()
    tls_person.click("#login")
    tls_person.find("#agree")
    names = [cookie["name"] for cookie in tls_person.cookies()]
    assert len(names) == 1 and names[0].startswith("__Host-spotify-login-")
    tls_person.click("#agree")
    tls_person.see("120 artists", "#count")
    assert not any(cookie["name"].startswith("__Host-spotify-login-")
                   for cookie in tls_person.cookies())


def test_cancel_and_another_account(tls_person):
    tls_person.expected = {403}
    tls_person.open()
    tls_person.click("#login")
    tls_person.click("#cancel")
    tls_person.see("login_denied", "small")
    tls_person.click("a.do")
    tls_person.click("#agree")
    tls_person.see("Ada", "#account-name")
    tls_person.click("#switch")
    tls_person.click("input[value='özkant']")
    tls_person.click("#agree")
    tls_person.see("Özkan Neu", "#account-name")


def give_cookies(person, number):
    """Of other software of the host, 4 KB each."""
    person.chromium.command("Network.setCookies", cookies=[
        {"name": f"c{n}", "value": "x" * 4000, "url": person.stack.url,
         "secure": True} for n in range(number)])


def test_56_kilobytes_of_cookies_of_others_do_not_matter(tls_person):
    give_cookies(tls_person, 14)
    tls_person.log_in()
    tls_person.click("#logout")
    tls_person.see("You are logged out", ".message")
