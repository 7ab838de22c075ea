# SPDX-License-Identifier: ISC
"""Spotify's scopes and what a consent page says about them. Any other name is
an "Illegal scope"."""

SCOPES = {
    "app-remote-control": "Communicate with the Spotify app on your device",
    "playlist-modify-private": "Manage your private playlists",
    "playlist-modify-public": "Manage your public playlists",
    "playlist-read-collaborative": "Access your collaborative playlists",
    "playlist-read-private": "Access your private playlists",
    "streaming": "Play content and control playback on your other devices",
    "ugc-image-upload": "Upload images on your behalf",
    "user-follow-modify": "Manage who you are following",
    "user-follow-read": "See which artists you follow",
    "user-library-modify": "Manage your saved content",
    "user-library-read": "Access your saved content",
    "user-modify-playback-state": "Control playback on your devices",
    "user-personalized": "Access content made for you",
    "user-read-currently-playing": "See what you are playing now",
    "user-read-email": "See your e-mail address",
    "user-read-playback-position": "See your position in what you played",
    "user-read-playback-state": "See your playback and your devices",
    "user-read-private": "See your subscription details",
    "user-read-recently-played": "See what you played recently",
    "user-top-read": "See your top artists and tracks",
}
