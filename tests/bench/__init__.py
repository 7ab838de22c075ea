# SPDX-License-Identifier: ISC
"""How fast it is, beside others that do the same, and beside what is possible.

    tests/bench/bench --help        (make bench runs it)

Everything runs at once on this machine, and is measured in turns, A B C ...
A B C ..., so that what disturbs one disturbs all; what is compared is the
ratio within a round, and what is told is the median of the rounds. The servers
share one CPU, load and upstream another.

Let the machine rest for five minutes before, above all from tests: so long ext4
looks at every file that was removed when it makes another one near by, and a
login, which makes one, takes up to twice its time.

    build       a release build for it, with the C programs in this folder
    machine     processes: CPU time, memory, where they run
    figures     rounds, spreads, tables, and what was to be reached
    upstream    a Spotify in C that is quick enough (upstream.c)
    load        visitors in C (load.c, netloop.c, store.c)
    ours        the programs behind nginx, and the least that libfcgi can do
    peers       others that do the same job
    setting     all of these, running
    part_*      what is measured: run(setting, report) each
    main        the command
"""
