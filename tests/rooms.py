# SPDX-License-Identifier: ISC
"""What the house is made of, as tests/house checks it: the walls between the
rooms of lib/, and who tests a unit that has no unit test."""

# Which room of lib/ may include headers of which others. Each stands below
# those that it may use; what one of these uses is not thereby allowed.
MAY = {
    "base": "",
    "json": "base",
    "conf": "base",
    "engine": "base",
    "store": "base engine",
    "process": "base",
    "web": "base json conf",
    "spotify": "base json conf store",
    "session": "base json conf store web spotify",
    "artists": "base json conf store web spotify session",
    "relay": "base json conf store web spotify session",
    "app": "base json conf engine store process web spotify relay",
    "cgi-bin": "base json web spotify session artists relay app",
}

# Units whose results need Spotify; tests/http reaches them.
OVER_HTTP = {"session/login", "spotify/oauth", "spotify/spotify"}
# Units without a unit test, and who tests them instead. The first are parts of
# a unit that has one.
TESTED_BY = {
    "json/jsonscalar": "unit/json/reader.c",
    "json/jsonstring": "unit/json/reader.c",
    "conf/confkeys": "unit/conf/conf.c",
    "engine/link": "unit/engine/engine.c",
    "engine/dial": "unit/engine/engine.c",
    "store/filelock": "unit/store/lock.c",
    "store/fact": "unit/store/files.c",
    "store/words": "unit/store/valkey.c",
    "store/scripts": "unit/store/valkey.c",
    "store/valkeyparts": "unit/store/valkey.c",
    "store/room": "unit/store/lease.c",
    "store/beside": "unit/kept.c",
    "store/filelist": "unit/store/moving.c",
    "store/scan": "unit/store/moving.c",
    "store/transfer": "unit/store/moving.c",
    "store/sitewide": "unit/store/store.c",
    "spotify/oauthurl": "unit/spotify/oauth.c",
    "spotify/spotifypage": "unit/spotify/spotify.c",
    "base/sink": "faults/test_log.py",
    "store/trial": "faults/test_trial.py",
    "engine/names": "faults/test_engine.py",
    "engine/rehearsal": "http/test_configuration_engine.py",
    # These do nothing without a process, a network or a Spotify around them.
    "process/descriptors": "http/test_own_socket.py",
    "process/listener": "http/test_own_socket.py",
    "process/options": "http/test_configuration.py",
    "process/harden": "http/test_hardening.py",
    "process/tableturns": "faults/test_one_visitor.py",
    "process/connection": "faults/test_slow_peers.py",
    "process/params": "http/test_requests.py",
    "process/watchdog": "faults/test_watchdog.py",
    "process/server": "http/test_kept_connections.py",
    "spotify/ca": "http/test_tls.py",
    "spotify/http": "fuzz/http.c",
    "spotify/libcurl": "faults/test_names.py",
    "spotify/trouble": "http/test_trouble.py",
    "spotify/lookup": "faults/test_names.py",
    "spotify/upstream": "http/test_hardening.py",
    "spotify/api": "http/test_artists_failures.py",
    "session/call": "http/test_artists_copy.py",
    "session/who": "http/test_refresh.py",
    "artists/pages": "http/test_artists_pages.py",
    "artists/artists": "http/test_artists.py",
    "app/storage": "http/test_configuration.py",
    "relay/allow": "http/test_configuration.py",
    "relay/relay": "http/test_api.py",
    "app/check": "http/test_configuration.py",
    "app/cleanup": "faults/test_many_files.py",
    "app/move": "faults/test_move.py",
    "app/units": "http/test_configuration_units.py",
    "app/dropins": "http/test_configuration_units.py",
    "app/addresses": "http/test_configuration_engine_units.py",
    "app/enginecheck": "http/test_configuration_engine.py",
    "app/health": "http/test_health.py",
    "app/dispatch": "http/test_requests.py",
    "app/app": "faults/test_process.py",
}
