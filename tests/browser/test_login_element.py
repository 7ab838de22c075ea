# SPDX-License-Identifier: ISC
"""<spotify-login>, on a page that knows nothing else of the programs."""

import pytest

from tools.amounts import DAY

SCRIPT = """
globalThis.told = [];
for (const type of ['login', 'logout', 'expires-soon', 'failure'])
	document.addEventListener(type, ({ detail }) => told.push(
		[type, detail?.account?.display_name ?? detail?.code ?? null]));
"""
PAGE = ("<!doctype html><html lang=en><meta charset=utf-8><title>x</title>"
        "<link rel=icon href={base}favicon.svg><body>"
        "<script src={base}listener.js></script>"
        "<script type=module src={base}spotify-login.js></script>"
        "<spotify-login {attributes}><a id=before href=/login>Log in"
        "</a></spotify-login>")
# An answer to a POST waits for release(); `held` says that it has come. If it
# shall fail, another takes its place.
HOLD = """
const fails = arguments[0];
const real = fetch;
const hold = new Promise((release) => { globalThis.release = release; });
globalThis.answered = 0;
globalThis.fetch = async (path, how) => {
	let answer = await real(path, how);
	if (how.method === 'POST') {
		globalThis.held = true;
		await hold;
		if (fails)
			answer = Response.json({ code: 'busy' },
				{ status: 503 });
	}
	answered++;
	return answer;
};
"""
LINK = "spotify-login[data-state=out] > a"
NAME = "spotify-login[data-state=in] > span"
BUTTON = "spotify-login[data-state=in] > button"


def write(stack, attributes="", name="element.html"):
    """A page of the site with the element."""
    www = stack.folder / "www"
    (www / "listener.js").write_text(SCRIPT, "utf-8")
    (www / name).write_text(PAGE.format(base="/", attributes=attributes),
                            "utf-8")


def told(person):
    """The events that the page has got."""
    return person.run("return told")


def tells(person, *events):
    """Wait until these are all of them."""
    person.until(lambda: told(person) == [list(one) for one in events],
                 f"{events}, but {told(person)}")


@pytest.fixture(name="visitor")
def fixture_visitor(person):
    """Of that page."""
    write(person.stack)
    person.open("element.html")
    return person


def enter(visitor):
    """Log in by the element."""
    visitor.click(LINK)
    visitor.click("#agree")
    visitor.see("Ada", NAME)


def test_it_logs_in_and_comes_back_to_its_page(visitor):
    visitor.see("Log in with Spotify", LINK)
    assert told(visitor) == [] and not visitor.all("#before")
    enter(visitor)
    visitor.at("/element.html")
    tells(visitor, ("login", "Ada"))
    assert visitor.run("return document.querySelector('spotify-login')"
                       ".session.logged_in") is True


def test_it_logs_out(visitor):
    enter(visitor)
    visitor.click(BUTTON)
    visitor.see("Log in", LINK)
    tells(visitor, ("login", "Ada"), ("logout", None))
    assert visitor.session_cookie() is None


def test_its_attributes_are_heard(person):
    write(person.stack, "return-to=/x?a=b login-text=Enter logout-text=Leave")
    person.open("element.html")
    person.see("Enter", LINK)
    link = person.find(LINK).get_attribute("href")
    assert link == person.stack.url + "/login?return_to=%2Fx%3Fa%3Db"
    person.run("document.querySelector('spotify-login')"
               ".setAttribute('login-text', 'Come in')")
    person.see("Come in", LINK)
    person.log_in()
    person.open("element.html")
    person.see("Leave", BUTTON)


def test_other_tabs_are_told(visitor):
    first = visitor.driver.current_window_handle
    second = visitor.new_tab()
    visitor.open("element.html")
    visitor.find(LINK)
    visitor.driver.switch_to.window(first)
    enter(visitor)
    visitor.driver.switch_to.window(second)
    visitor.run("document.querySelector('spotify-login').check()")
    visitor.see("Ada", NAME)
    visitor.click(BUTTON)
    visitor.find(LINK)
    visitor.driver.switch_to.window(first)
    visitor.find(LINK)
    tells(visitor, ("login", "Ada"), ("logout", None))


@pytest.fixture(name="loyal")
def fixture_loyal(make_stack, anybody):
    """Who has logged in on a site whose sessions last long, and whose
    authorization ends soon by now."""
    site = make_stack(conf={
        "idle_limit": "179d", "absolute_limit": "179d"})
    write(site)
    anybody.begin(site)
    anybody.open("element.html")
    anybody.click(LINK)
    tells(anybody, ("login", "Ada"))
    site.clock.advance(170 * DAY)
    return anybody


def test_it_says_when_the_authorization_ends_soon(loyal):
    loyal.open("element.html")
    tells(loyal, ("login", "Ada"), ("expires-soon", "Ada"))


def check(somebody):
    """Have the element ask, and wait until it has heard."""
    somebody.run("return document.querySelector('spotify-login').check()")


def test_it_says_so_once_on_a_page_that_stays_open(loyal):
    for _ in range(2):
        check(loyal)
        tells(loyal, ("login", "Ada"), ("expires-soon", "Ada"))


def test_it_comes_back_to_where_the_page_is_by_then(visitor):
    """Which may have another address than when the link was drawn."""
    visitor.find(LINK)
    visitor.run("history.pushState(null, '', '/element.html?now=here')")
    enter(visitor)
    visitor.at("/element.html?now=here")


def test_the_link_keeps_the_focus_when_the_page_has_another_address(visitor):
    visitor.find(LINK)
    visitor.run("document.querySelector('spotify-login > a').focus();"
                "history.pushState(null, '', '/element.html?now=here')")
    check(visitor)
    assert visitor.run("return document.activeElement.href").endswith(
        "/login?return_to=%2Felement.html%3Fnow%3Dhere")


@pytest.mark.parametrize("answer", ["{}", "[]", "{ logged_in: 'false' }",
                                    "{ logged_in: null }"])
def test_an_answer_that_says_nothing_is_no_logout(visitor, answer):
    enter(visitor)
    visitor.run("globalThis.fetch = async () => "
                f"Response.json({answer})")
    check(visitor)
    visitor.find("spotify-login[data-state=trouble] > button")
    tells(visitor, ("login", "Ada"), ("failure", "not_json"))


def test_a_failure_is_told_and_can_be_tried_again(visitor):
    visitor.find(LINK)
    visitor.expected = {503}
    visitor.stack.down("session")
    visitor.run("document.querySelector('spotify-login').check()")
    visitor.see("busy", "spotify-login[data-state=trouble] > span")
    tells(visitor, ("failure", "busy"))
    visitor.stack.up("session")
    assert all(".sock failed" in line for line in visitor.stack.complaints())
    visitor.click("spotify-login[data-state=trouble] > button")
    visitor.see("Log in", LINK)


def test_it_may_be_taken_out_and_put_in_again(visitor):
    enter(visitor)
    visitor.run("""
        const one = document.querySelector('spotify-login');
        one.remove();
        document.body.append(one);
    """)
    visitor.click(BUTTON)
    visitor.find(LINK)
    tells(visitor, ("login", "Ada"), ("logout", None))


def press_and_hold(visitor, fails=False):
    """The button to log out, until the server's answer has come."""
    visitor.run(HOLD, fails)
    visitor.click(BUTTON)
    visitor.until(lambda: visitor.run("return globalThis.held"), "an answer")


@pytest.mark.parametrize("fails", [False, True])
def test_an_answer_to_log_out_is_not_for_the_next_login(visitor, fails):
    """Which has come meanwhile, in another tab."""
    enter(visitor)
    press_and_hold(visitor, fails)
    first = visitor.driver.current_window_handle
    visitor.new_tab()
    visitor.open("/login?switch=1")
    visitor.click("input[value='özkant']")
    visitor.click("#agree")
    visitor.see("Özkan", "#account-name")
    visitor.driver.switch_to.window(first)
    visitor.see("Özkan", NAME)
    before = visitor.run("return answered")
    visitor.run("release()")
    visitor.until(lambda: visitor.run("return answered") >= before + 2,
                  "another question")
    visitor.see("Özkan", NAME)
    tells(visitor, ("login", "Ada"), ("login", "Özkan Neu"))


def test_an_answer_to_log_out_changes_nothing_that_is_taken_out(visitor):
    enter(visitor)
    press_and_hold(visitor)
    assert visitor.run("""
        const one = document.querySelector('spotify-login');
        one.remove();
        release();
        return new Promise((done) => setTimeout(done)).then(
            () => one.session.account.display_name + one.textContent);
    """) == "AdaAda Log out"
