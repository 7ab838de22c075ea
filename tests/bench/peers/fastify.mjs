// SPDX-License-Identifier: ISC
// Log in with Spotify, as the manual of @fastify/oauth2 shows it.

import oauth2 from "@fastify/oauth2";
import secureSession from "@fastify/secure-session";
import Fastify from "fastify";

const env = process.env;
const authorize = new URL(env.AUTHORIZE_URL);
const token = new URL(env.TOKEN_URL);

const fastify = Fastify();

fastify.register(secureSession, {
	key: Buffer.from(env.SESSION_KEY, "hex"),
	cookie: { path: "/", httpOnly: true, sameSite: "lax" },
});
fastify.register(oauth2, {
	name: "spotify",
	scope: ["user-follow-read"],
	credentials: {
		client: { id: env.CLIENT_ID, secret: env.CLIENT_SECRET },
		auth: {
			authorizeHost: authorize.origin,
			authorizePath: authorize.pathname,
			tokenHost: token.origin,
			tokenPath: token.pathname,
		},
	},
	startRedirectPath: "/login",
	callbackUri: env.REDIRECT_URI,
	pkce: "S256",
	cookie: { path: "/", secure: false },	// no TLS before us here
});

// fetch() keeps its connections by itself.
async function get(path, accessToken) {
	const answer = await fetch(new URL(path, env.API_BASE),
		{ headers: { authorization: `Bearer ${accessToken}` } });
	return answer.ok ? answer.json() : null;
}

async function loggedIn(request, reply) {
	if (!request.session.get("accessToken"))
		return reply.code(401).send({ error: "not logged in" });
}

fastify.get("/callback", async (request, reply) => {
	const { token } = await fastify.spotify
		.getAccessTokenFromAuthorizationCodeFlow(request, reply);
	const account = await get("/v1/me", token.access_token);
	if (account === null)
		return reply.code(502).send({ error: "Spotify" });
	request.session.set("name", account.display_name);
	request.session.set("accessToken", token.access_token);
	request.session.set("refreshToken", token.refresh_token);
	return reply.redirect("/session");
});

fastify.get("/session", { preHandler: loggedIn },
	async (request) =>
		({ logged_in: true, name: request.session.get("name") }));

fastify.get("/artists", { preHandler: loggedIn }, async (request, reply) => {
	const accessToken = request.session.get("accessToken");
	const artists = [];
	let total, after = null;
	do {
		const query = new URLSearchParams({ type: "artist", limit: 50 });
		if (after !== null)
			query.set("after", after);
		const answer = await get(`/v1/me/following?${query}`, accessToken);
		if (answer === null)
			return reply.code(502).send({ error: "Spotify" });
		const page = answer.artists;
		artists.push(...page.items);
		total = page.total;
		after = page.cursors.after;
	} while (after !== null);
	return { artists, total };
});

await fastify.listen({ path: env.SOCKET, backlog: 4096 });
