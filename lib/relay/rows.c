/* SPDX-License-Identifier: ISC */
/*
 * Hides which calls there are. The table is Spotify's own description of its
 * Web API as of May 2026 without what is deprecated there: tests/sim has what
 * it says of each, and which calls are left out and why, and a test compares
 * the two. A parameter that is a language of its own ("fields") is left out.
 */
#include "config.h"

#include <stddef.h>

#include "relay/rows.h"

#define READING (METHOD_GET | METHOD_HEAD)
#define OFFSET_MAX 100000
#define POSITION_MS_MAX 86400000  /* a day */
#define TIME_MS_MAX 9999999999999 /* the year 2286 */

#define NUMBER(name_, min_, max_) \
	{ \
		.name = (name_), .kind = ROW_NUMBER, .min = (min_), \
		.max = (max_) \
	}
#define LIMIT NUMBER("limit", 1, 50)
#define OFFSET NUMBER("offset", 0, OFFSET_MAX)
#define MARKET \
	{ \
		.name = "market", .kind = ROW_MARKET \
	}
#define TYPES \
	{ \
		.name = "additional_types", .kind = ROW_WORDS, \
		.words = "track episode" \
	}
#define DEVICE \
	{ \
		.name = "device_id", .kind = ROW_DEVICE \
	}
#define END \
	{ \
		.name = NULL \
	}

static const struct row_param no_params[] = { END };
static const struct row_param market_only[] = { MARKET, END };
static const struct row_param paging[] = { LIMIT, OFFSET, END };
static const struct row_param market_paging[] = { MARKET, LIMIT, OFFSET, END };
static const struct row_param playing_params[] = { MARKET, TYPES, END };
static const struct row_param items_params[] = { MARKET, LIMIT, OFFSET, TYPES,
	END };
static const struct row_param top_params[] = {
	{ .name = "time_range",
	    .kind = ROW_WORD,
	    .words = "short_term medium_term long_term" },
	LIMIT, OFFSET, END
};
static const struct row_param recent_params[] = { LIMIT,
	{ .name = "after",
	    .kind = ROW_NUMBER,
	    .max = TIME_MS_MAX,
	    .not_beside = "before" },
	{ .name = "before",
	    .kind = ROW_NUMBER,
	    .max = TIME_MS_MAX,
	    .not_beside = "after" },
	END };
static const struct row_param albums_params[] = {
	{ .name = "include_groups",
	    .kind = ROW_WORDS,
	    .words = "album single appears_on compilation" },
	MARKET, NUMBER("limit", 0, 10), OFFSET, END
};
static const struct row_param search_params[] = {
	{ .name = "q", .kind = ROW_TEXT, .required = true },
	{ .name = "type",
	    .kind = ROW_WORDS,
	    .words = "album artist playlist track show episode audiobook",
	    .required = true },
	MARKET, NUMBER("limit", 1, 10), NUMBER("offset", 0, 1000), END
};
static const struct row_param contains_params[] = {
	{ .name = "uris", .kind = ROW_URIS, .required = true }, END
};

static const struct row_param changed_params[] = {
	{ .name = "uris", .kind = ROW_CHANGED_URIS, .required = true }, END
};
static const struct row_param device_only[] = { DEVICE, END };
static const struct row_param seek_params[] = { { .name = "position_ms",
						    .kind = ROW_NUMBER,
						    .max = POSITION_MS_MAX,
						    .required = true },
	DEVICE, END };
static const struct row_param volume_params[] = { { .name = "volume_percent",
						      .kind = ROW_NUMBER,
						      .max = 100,
						      .required = true },
	DEVICE, END };
static const struct row_param repeat_params[] = { { .name = "state",
						      .kind = ROW_WORD,
						      .words =
							  "track context off",
						      .required = true },
	DEVICE, END };
static const struct row_param shuffle_params[] = { { .name = "state",
						       .kind = ROW_WORD,
						       .words = "true false",
						       .required = true },
	DEVICE, END };
static const struct row_param queue_params[] = { { .name = "uri",
						     .kind = ROW_URI,
						     .words = "track episode",
						     .required = true },
	DEVICE, END };

/* Bodies. What Spotify gives no limit for has one of ours. */
#define ITEMS_MAX 100
#define PLACE_MAX 100000
#define NAME_BYTES 400	       /* of 100 characters */
#define DESCRIPTION_BYTES 1200 /* of 300 */
#define PLAYED \
	{ \
		.name = "uri", .kind = ROW_URI, .words = "track episode" \
	}
#define LIST(name_, min_, max_, inside_) \
	{ \
		.name = (name_), .kind = ROW_LIST, .min = (min_), \
		.max = (max_), .inside = (inside_), .required = true \
	}
#define TO_MODIFY "playlist-modify-public playlist-modify-private"

static const struct row_param played_only[] = { PLAYED, END };
static const struct row_param offset_members[] = { { .name = "position",
						       .kind = ROW_NUMBER,
						       .max = PLACE_MAX,
						       .not_beside = "uri" },
	PLAYED, END };
static const struct row_param play_members[] = {
	{ .name = "context_uri",
	    .kind = ROW_URI,
	    .words = "album artist playlist",
	    .not_beside = "uris" },
	{ .name = "uris",
	    .kind = ROW_LIST,
	    .min = 1,
	    .max = ITEMS_MAX,
	    .inside = played_only },
	{ .name = "offset", .kind = ROW_OBJECT, .inside = offset_members },
	{ .name = "position_ms", .kind = ROW_NUMBER, .max = POSITION_MS_MAX },
	END
};
static const struct row_param device_one[] = { DEVICE, END };
static const struct row_param transfer_members[] = { LIST("device_ids", 1, 1,
							 device_one),
	{ .name = "play", .kind = ROW_BOOL }, END };
static const struct row_param create_members[] = { { .name = "name",
						       .kind = ROW_TEXT,
						       .min = 1,
						       .max = NAME_BYTES,
						       .required = true },
	{ .name = "public", .kind = ROW_BOOL },
	{ .name = "collaborative", .kind = ROW_BOOL },
	{ .name = "description", .kind = ROW_TEXT, .max = DESCRIPTION_BYTES },
	END };
static const struct row_param add_members[] = { LIST("uris", 1, ITEMS_MAX,
						    played_only),
	NUMBER("position", 0, PLACE_MAX), END };
/* None empties a playlist. To put its items into another order is a second
 * operation of this address, which is left out. */
static const struct row_param replace_members[] = {
	LIST("uris", 0, ITEMS_MAX, played_only), END
};
static const struct row_param item_members[] = { { .name = "uri",
						     .kind = ROW_URI,
						     .words = "track episode",
						     .required = true },
	END };
static const struct row_param item_only[] = {
	{ .name = "item", .kind = ROW_OBJECT, .inside = item_members }, END
};
static const struct row_param remove_members[] = { LIST("items", 1, ITEMS_MAX,
						       item_only),
	{ .name = "snapshot_id", .kind = ROW_SNAPSHOT }, END };
static const struct row_body play_body = { play_members, false };
static const struct row_body transfer_body = { transfer_members, false };
static const struct row_body create_body = { create_members, true };
static const struct row_body add_body = { add_members, true };
static const struct row_body replace_body = { replace_members, true };
static const struct row_body remove_body = { remove_members, true };

#define OWN_ONLY \
	"In development mode Spotify shows the items of one's own and " \
	"collaborative playlists only."
#define A_DAY \
	"In development mode Spotify has refused it after about 600 calls " \
	"a day."

/* A path of ours, and the name of all its rows. */
static const char follow_path[] = "/follow/{id}";
#define FOLLOW "follow", follow_path, no_params

const struct row rows_table[] = {
	{ "top-artists", "/me/top/artists", top_params, "user-top-read", NULL,
	    READING, QUOTA_TOP, PAUSE_TOP, ROW_ALL, NULL },
	{ "top-tracks", "/me/top/tracks", top_params, "user-top-read", NULL,
	    READING, QUOTA_TOP, PAUSE_TOP, ROW_ALL, NULL },
	{ "playlists", "/me/playlists", paging, "playlist-read-private", NULL,
	    READING, QUOTA_MY_PLAYLISTS, PAUSE_MY_PLAYLISTS, ROW_ALL, NULL },
	{ "playlist", "/playlists/{id}", playing_params, "", OWN_ONLY, READING,
	    QUOTA_PLAYLISTS, PAUSE_PLAYLISTS, ROW_ALL, NULL },
	{ "playlist-items", "/playlists/{id}/items", items_params,
	    "playlist-read-private", OWN_ONLY, READING, QUOTA_PLAYLISTS,
	    PAUSE_PLAYLISTS, ROW_ALL, NULL },
	{ "saved-tracks", "/me/tracks", market_paging, "user-library-read",
	    NULL, READING, QUOTA_SAVED, PAUSE_SAVED, ROW_ALL, NULL },
	{ "saved-albums", "/me/albums", market_paging, "user-library-read",
	    NULL, READING, QUOTA_SAVED, PAUSE_SAVED, ROW_ALL, NULL },
	{ "recently-played", "/me/player/recently-played", recent_params,
	    "user-read-recently-played", NULL, READING, QUOTA_RECENT,
	    PAUSE_RECENT, ROW_ALL, NULL },
	{ "playing", "/me/player/currently-playing", playing_params,
	    "user-read-currently-playing", NULL, READING, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "player", "/me/player", playing_params, "user-read-playback-state",
	    NULL, READING, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL, NULL },
	{ "devices", "/me/player/devices", no_params,
	    "user-read-playback-state", NULL, READING, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "queue", "/me/player/queue", no_params,
	    "user-read-currently-playing user-read-playback-state", NULL,
	    READING, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL, NULL },
	{ "artist", "/artists/{id}", no_params, "", A_DAY, READING,
	    QUOTA_ARTIST, PAUSE_ARTIST, ROW_ALL, NULL },
	{ "artist-albums", "/artists/{id}/albums", albums_params, "", NULL,
	    READING, QUOTA_ARTIST_ALBUMS, PAUSE_ARTIST_ALBUMS, ROW_ALL, NULL },
	{ "album", "/albums/{id}", market_only, "", NULL, READING, QUOTA_ALBUM,
	    PAUSE_ALBUM, ROW_ALL, NULL },
	{ "album-tracks", "/albums/{id}/tracks", market_paging, "", NULL,
	    READING, QUOTA_ALBUM, PAUSE_ALBUM, ROW_ALL, NULL },
	{ "track", "/tracks/{id}", market_only, "", NULL, READING, QUOTA_TRACK,
	    PAUSE_TRACK, ROW_ALL, NULL },
	{ "search", "/search", search_params, "",
	    "In development mode Spotify has refused it after about 700 "
	    "calls a day.",
	    READING, QUOTA_SEARCH, PAUSE_SEARCH, ROW_ALL, NULL },
	{ "library-contains", "/me/library/contains", contains_params,
	    "user-library-read user-follow-read playlist-read-private", NULL,
	    READING, QUOTA_CONTAINS, PAUSE_CONTAINS, ROW_BY_URI, NULL },
	{ "library-save", "/me/library", changed_params,
	    "user-library-modify user-follow-modify playlist-modify-public",
	    NULL, METHOD_PUT, QUOTA_CONTAINS, PAUSE_CONTAINS, ROW_BY_URI,
	    NULL },
	{ "library-remove", "/me/library", changed_params,
	    "user-library-modify user-follow-modify playlist-modify-public",
	    NULL, METHOD_DELETE, QUOTA_CONTAINS, PAUSE_CONTAINS, ROW_BY_URI,
	    NULL },
	{ "playlist-create", "/me/playlists", no_params, TO_MODIFY, NULL,
	    METHOD_POST, QUOTA_MY_PLAYLISTS, PAUSE_MY_PLAYLISTS, ROW_BY_BODY,
	    &create_body },
	{ "playlist-add", "/playlists/{id}/items", no_params, TO_MODIFY, NULL,
	    METHOD_POST, QUOTA_PLAYLISTS, PAUSE_PLAYLISTS, ROW_ONE, &add_body },
	{ "playlist-replace", "/playlists/{id}/items", no_params, TO_MODIFY,
	    NULL, METHOD_PUT, QUOTA_PLAYLISTS, PAUSE_PLAYLISTS, ROW_ONE,
	    &replace_body },
	{ "playlist-remove", "/playlists/{id}/items", no_params, TO_MODIFY,
	    NULL, METHOD_DELETE, QUOTA_PLAYLISTS, PAUSE_PLAYLISTS, ROW_ONE,
	    &remove_body },
	{ "play", "/me/player/play", device_only, "user-modify-playback-state",
	    NULL, METHOD_PUT, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL, &play_body },
	{ "transfer", "/me/player", no_params, "user-modify-playback-state",
	    NULL, METHOD_PUT, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL,
	    &transfer_body },
	{ "pause", "/me/player/pause", device_only,
	    "user-modify-playback-state", NULL, METHOD_PUT, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "next", "/me/player/next", device_only, "user-modify-playback-state",
	    NULL, METHOD_POST, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL, NULL },
	{ "previous", "/me/player/previous", device_only,
	    "user-modify-playback-state", NULL, METHOD_POST, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "seek", "/me/player/seek", seek_params, "user-modify-playback-state",
	    NULL, METHOD_PUT, QUOTA_PLAYER, PAUSE_PLAYER, ROW_ALL, NULL },
	{ "volume", "/me/player/volume", volume_params,
	    "user-modify-playback-state", NULL, METHOD_PUT, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "repeat", "/me/player/repeat", repeat_params,
	    "user-modify-playback-state", NULL, METHOD_PUT, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "shuffle", "/me/player/shuffle", shuffle_params,
	    "user-modify-playback-state", NULL, METHOD_PUT, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ "queue-add", "/me/player/queue", queue_params,
	    "user-modify-playback-state", NULL, METHOD_POST, QUOTA_PLAYER,
	    PAUSE_PLAYER, ROW_ALL, NULL },
	{ FOLLOW, "user-follow-modify", NULL, METHOD_PUT, QUOTA_CONTAINS,
	    PAUSE_CONTAINS, ROW_ALL, NULL },
	{ FOLLOW, "user-follow-modify", NULL, METHOD_DELETE, QUOTA_CONTAINS,
	    PAUSE_CONTAINS, ROW_ALL, NULL },
	{ FOLLOW, "user-follow-read", NULL, READING, QUOTA_CONTAINS,
	    PAUSE_CONTAINS, ROW_ALL, NULL },
};
_Static_assert(sizeof(rows_table) / sizeof(rows_table[0]) == ROWS_N,
    "ROWS_N is their number");

const char *
row_method(const struct row *row)
{
	if (row->methods & METHOD_PUT)
		return "PUT";
	if (row->methods & METHOD_POST)
		return "POST";
	return row->methods & METHOD_DELETE ? "DELETE" : "GET";
}

bool
row_is_ours(const struct row *row)
{
	return row->path == follow_path;
}

bool
row_writes(const struct row *row)
{
	return !(row->methods & METHOD_GET);
}

/* Calls that pause together are about the same. What a user hears most is in no
 * part: it takes weeks to change. */
enum change_part
row_part(const struct row *row)
{
	switch (row->group) {
	case PAUSE_PLAYER:
	case PAUSE_RECENT: return CHANGE_PLAYER;
	case PAUSE_FOLLOWING:
	case PAUSE_MY_PLAYLISTS:
	case PAUSE_PLAYLISTS:
	case PAUSE_SAVED:
	case PAUSE_CONTAINS: return CHANGE_LIBRARY;
	default: return CHANGE_NONE;
	}
}

static bool
is_named(struct str word, const struct row *row)
{
	return str_equal(word, str_of(row->name)) ||
	    (str_equal(word, STR("reading")) && (row->methods & METHOD_GET) &&
		!row_is_ours(row));
}

bool
rows_allow(const char *allow, const struct row *row)
{
	struct str rest = str_of(allow);

	while (rest.p != NULL)
		if (is_named(str_cut(&rest, ' '), row))
			return true;
	return false;
}

struct str
rows_unknown(const char *allow)
{
	struct str rest = str_of(allow), word;
	size_t i;

	while (rest.p != NULL) {
		word = str_cut(&rest, ' ');
		for (i = 0; i < ROWS_N && !is_named(word, &rows_table[i]); i++)
			continue;
		if (i == ROWS_N && word.n > 0)
			return word;
	}
	return (struct str){ NULL, 0 };
}

struct str
rows_lacks(const struct row *row, unsigned needed, struct str scope)
{
	struct str rest = str_of(row->scope), word, lacks = { NULL, 0 };

	for (; rest.n > 0; needed >>= 1) {
		word = str_cut(&rest, ' ');
		if (!(needed & 1))
			continue;
		if (str_has_word(scope, word)) {
			if (row->scopes == ROW_ONE)
				return (struct str){ NULL, 0 };
		} else if (lacks.p == NULL) {
			lacks = word;
		}
	}
	return lacks;
}
