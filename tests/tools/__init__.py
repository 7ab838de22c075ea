# SPDX-License-Identifier: ISC
"""The tools that the tests share; each folder's conftest.py puts tests/ on
the path, so that they are imported as `tools.NAME` from everywhere.

    admin       spotify-fcgi-admin, and the metrics that it prints
    amounts     how much and how long: SOAK, HOUR, DAY
    answers     a client that checks every answer of the programs
    contract    whether conf/www/openapi.yaml describes an answer
    events      what is told to the site's own code
    fastcgi     a FastCGI client that can be wrong on purpose, and plain CGI
    http2       one request over HTTP/2, with fields as long as one likes
    impostor    somebody else at Spotify's address, with a certificate
    parallel    several things at once, and how long something takes
    prometheus  the text format of metrics, read strictly
    proxy       a bad network before an engine
    processes   what the kernel tells of a process of ours
    records     the records of FastCGI, written and read
    engines     lib/engine in a process of its own, and false engines
    redirects   addresses that might lead a visitor elsewhere
    roundtrips  how often an engine is asked
    spotify     what the simulated Spotify was asked, and canned answers
    steps       refresh, logout, a token that ends
    store       the files of the store
    trap        a host that nobody must ever come to
    urls        the parameters of an address

What runs (the programs, a web server, Spotify) is in the package `stack`, and
so is wait_until(), which waits for a condition (stack/processes.py).
"""
