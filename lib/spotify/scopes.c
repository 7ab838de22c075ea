/* SPDX-License-Identifier: ISC */
/*
 * Hides which scopes there are
 * (https://developer.spotify.com/documentation/web-api/concepts/scopes, 2026).
 */
#include "config.h"

#include "spotify/scopes.h"

static const char *const scopes[] = {
	"app-remote-control",
	"playlist-modify-private",
	"playlist-modify-public",
	"playlist-read-collaborative",
	"playlist-read-private",
	"streaming",
	"ugc-image-upload",
	"user-follow-modify",
	"user-follow-read",
	"user-library-modify",
	"user-library-read",
	"user-modify-playback-state",
	"user-personalized",
	"user-read-currently-playing",
	"user-read-email",
	"user-read-playback-position",
	"user-read-playback-state",
	"user-read-private",
	"user-read-recently-played",
	"user-top-read",
	/* Of Spotify's Open Access, for its partners. */
	"soa-create-partner",
	"soa-manage-entitlements",
	"soa-manage-partner",
	"user-soa-link",
	"user-soa-unlink",
};
#define SCOPES_N (sizeof(scopes) / sizeof(scopes[0]))

bool
scopes_know(struct str name)
{
	size_t i;

	for (i = 0; i < SCOPES_N; i++)
		if (str_equal(name, str_of(scopes[i])))
			return true;
	return false;
}

static const char *
find_near(struct str name)
{
	size_t i;

	for (i = 0; i < SCOPES_N; i++)
		if (str_is_near(name, str_of(scopes[i])))
			return scopes[i];
	return NULL;
}

void
scopes_print_unknown(struct str scope, FILE *out)
{
	const char *near;
	struct str word;

	while (scope.p != NULL) {
		word = str_cut(&scope, ' ');
		if (scopes_know(word))
			continue;
		near = find_near(word);
		fprintf(out,
		    "# scope: %.*s is none that Spotify documents%s%s.\n",
		    (int)word.n, word.p,
		    near == NULL ? "" : "; perhaps it is meant to be ",
		    near == NULL ? "" : near);
	}
}
