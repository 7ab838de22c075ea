// SPDX-License-Identifier: ISC
// Log in with Spotify, as passport-spotify's manual shows it.

import express from "express";
import session from "express-session";
import passport from "passport";
import { Strategy as SpotifyStrategy } from "passport-spotify";

const env = process.env;

passport.use(new SpotifyStrategy({
	clientID: env.CLIENT_ID,
	clientSecret: env.CLIENT_SECRET,
	callbackURL: env.REDIRECT_URI,
	authorizationURL: env.AUTHORIZE_URL,
	tokenURL: env.TOKEN_URL,
	userProfileURL: `${env.API_BASE}/v1/me`,
	state: true,
	pkce: true,
}, (accessToken, refreshToken, expiresIn, profile, done) => {
	const { id, displayName } = profile;
	done(null, { id, displayName, accessToken, refreshToken });
}));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.disable("x-powered-by");
app.use(session({
	secret: env.SESSION_KEY,
	resave: false,
	saveUninitialized: false,
	cookie: { sameSite: "lax" },
}));
app.use(passport.session());

function loggedIn(request, response, next) {
	if (request.isAuthenticated())
		next();
	else
		response.sendStatus(401);
}

app.get("/login", passport.authenticate("spotify",
	{ scope: ["user-follow-read"] }));

app.get("/callback", passport.authenticate("spotify"),
	(request, response) => response.redirect("/session"));

app.get("/session", loggedIn, (request, response) => {
	response.json({ logged_in: true, name: request.user.displayName });
});

// fetch() keeps its connections by itself.
app.get("/artists", loggedIn, async (request, response) => {
	const headers = { authorization: `Bearer ${request.user.accessToken}` };
	const artists = [];
	let total, after = null;
	do {
		const url = new URL("/v1/me/following?type=artist&limit=50",
			env.API_BASE);
		if (after !== null)
			url.searchParams.set("after", after);
		const answer = await fetch(url, { headers });
		if (!answer.ok)
			return response.sendStatus(502);
		const page = (await answer.json()).artists;
		artists.push(...page.items);
		total = page.total;
		after = page.cursors.after;
	} while (after !== null);
	response.json({ artists, total });
});

app.listen({ path: env.SOCKET, backlog: 4096 });
