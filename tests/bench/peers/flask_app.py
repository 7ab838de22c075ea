# SPDX-License-Identifier: ISC
"""Log in with Spotify, as articles on Flask show it."""

import base64
import hashlib
import os
import secrets
from urllib.parse import urlencode

import requests
from flask import Flask, abort, jsonify, redirect, request, session

AUTHORIZE_URL = os.environ["AUTHORIZE_URL"]
TOKEN_URL = os.environ["TOKEN_URL"]
API_BASE = os.environ["API_BASE"]
CLIENT_ID = os.environ["CLIENT_ID"]
CLIENT_SECRET = os.environ["CLIENT_SECRET"]
REDIRECT_URI = os.environ["REDIRECT_URI"]
TIMEOUT_S = 10

# requests.get() opens a connection for each call, a Session keeps them.
http = requests.Session() if "KEEP_CONNECTIONS" in os.environ else requests

app = Flask(__name__)
app.secret_key = os.environ["SESSION_KEY"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"


@app.get("/login")
def login():
    """To Spotify."""
    session["state"] = secrets.token_urlsafe(32)
    session["verifier"] = secrets.token_urlsafe(32)
    digest = hashlib.sha256(session["verifier"].encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    return redirect(AUTHORIZE_URL + "?" + urlencode({
        "response_type": "code", "client_id": CLIENT_ID,
        "redirect_uri": REDIRECT_URI, "scope": "user-follow-read",
        "state": session["state"], "code_challenge": challenge,
        "code_challenge_method": "S256"}))


@app.get("/callback")
def callback():
    """Back from Spotify: the code becomes tokens."""
    state = session.pop("state", None)
    verifier = session.pop("verifier", None)
    if state is None or request.args.get("state") != state:
        abort(403)
    answer = http.post(TOKEN_URL, timeout=TIMEOUT_S, data={
        "grant_type": "authorization_code", "code": request.args["code"],
        "redirect_uri": REDIRECT_URI, "code_verifier": verifier,
    }, auth=(CLIENT_ID, CLIENT_SECRET))
    answer.raise_for_status()
    tokens = answer.json()
    answer = http.get(API_BASE + "/v1/me", timeout=TIMEOUT_S, headers={
        "Authorization": "Bearer " + tokens["access_token"]})
    answer.raise_for_status()
    session["name"] = answer.json()["display_name"]
    session["access_token"] = tokens["access_token"]
    session["refresh_token"] = tokens["refresh_token"]
    return redirect("/session")


@app.get("/session")
def show_session():
    """Whether somebody is logged in."""
    if "access_token" not in session:
        abort(401)
    return jsonify(logged_in=True, name=session["name"])


@app.get("/artists")
def artists():
    """All that the user follows."""
    if "access_token" not in session:
        abort(401)
    headers = {"Authorization": "Bearer " + session["access_token"]}
    parameters = {"type": "artist", "limit": 50}
    found = []
    while True:
        answer = http.get(API_BASE + "/v1/me/following", params=parameters,
                          headers=headers, timeout=TIMEOUT_S)
        answer.raise_for_status()
        page = answer.json()["artists"]
        found += page["items"]
        parameters["after"] = page["cursors"]["after"]
        if parameters["after"] is None:
            return jsonify(artists=found, total=page["total"])
