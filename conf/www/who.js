// SPDX-License-Identifier: ISC
/*
 * What an answer of `session` says of a person, and of what the person may do
 * here. Every member of its account may be missing, when Spotify was down at
 * the login.
 */

export function account_id(session)
{
	return session?.account?.account_id ?? session?.account?.id ?? null;
}

/* A new login has a new end; the account may be filled in later. */
export function is_same_login(old, session)
{
	return old.authorization_expires_at === session.authorization_expires_at
		&& [null, account_id(session)].includes(account_id(old));
}

export function account_name(session)
{
	return session?.account?.display_name || session?.account?.id
		|| 'Your Spotify account';
}

/* Both only where the site has turned them on. */
export function may_see_top(session)
{
	return session?.api?.includes?.('top-artists') === true;
}

export function may_follow(session)
{
	return session?.api?.includes?.('follow') === true;
}
