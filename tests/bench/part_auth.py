# SPDX-License-Identifier: ISC
"""A page behind auth, for somebody who is logged in: target 11."""

from .figures import interleave
from .load import flat, with_cpu

CLIENTS = 32
TITLES = {"page": "the page alone", "bare": "behind libfcgi, nothing else",
          "ours": "behind `auth`"}
CPU_LIMITS = {"apache": 0.5, "express": 0.25}


def things_of(setting):
    """{name: what measures it}: ours, and the peers' own."""
    ours = setting.ours

    def cookie_of(service):
        found = setting.load.logins(service.port, [service.login_path],
                                    count=1)["cookie"]
        return f"Cookie: {found}"

    def of(service, path, pids):
        cookie = cookie_of(service)

        def measure():
            result = with_cpu(lambda: setting.load.requests(
                service.port, path, clients=CLIENTS, seconds=setting.seconds,
                headers=[cookie]), pids, service.front_pids)
            # A redirect to a login is none of the page.
            if result["errors"] or set(result["statuses"]) != {"200"}:
                raise RuntimeError(f"{path}: {result['words']} "
                                   f"{result['statuses']}")
            return flat(result)
        return measure
    things = {
        "page": of(ours, "/page", ours.front_pids),
        "bare": of(ours, "/open", lambda: ours.hello_pids("empty")),
        "ours": of(ours, "/guarded", lambda: ours.pids("auth"))}
    for name in CPU_LIMITS:
        if name in setting.peers:
            peer = setting.peers[name]
            things[name] = of(peer, peer.session_path, peer.pids)
    return things


def run(setting, report):
    """Measure and report."""
    runs, failed = interleave(setting.rounds, things_of(setting),
                              "a page behind auth")
    report.not_run.update(failed)
    report.table("A page for who is logged in", [
        "", "per second", "CPU µs", "p50 µs", "p99 µs", "our rate to it",
        "our CPU to it"],
        [[TITLES.get(name) or setting.peers[name].name,
          *(runs.spread(name, key).text()
            for key in ("per_s", "cpu_us", "p50_us", "p99_us")),
          runs.ratio("ours", name, "per_s").text(),
          runs.ratio("ours", name, "cpu_us").text()]
         for name in runs.names()],
        f"{CLIENTS} connections, kept; nginx's `auth_request`. Apache serves "
        "the same page, Express some bytes from its session.")
    text = "a page behind `auth`"
    if failed.keys() & {"ours", "bare"}:
        report.missing(11, f"{text}, rate", 0.8, "see below", at_most=False)
    else:
        report.at_least(11, f"{text}, rate to that behind libfcgi alone", 0.8,
                        runs.ratio("ours", "bare", "per_s"))
    for name, limit in CPU_LIMITS.items():
        report.compare(11, f"{text}, CPU", limit, runs, name, "cpu_us")
