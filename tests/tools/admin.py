# SPDX-License-Identifier: ISC
"""spotify-fcgi-admin, and the metrics that it prints."""

import subprocess

from .prometheus import families


def admin(stack, *arguments, check=True, **options):
    """What it says."""
    return subprocess.run(
        [str(stack.build_dir / "cgi-bin" / "spotify-fcgi-admin"), "-f",
         str(stack.conf_file), *arguments], capture_output=True, text=True,
        check=check, env=stack.environment, timeout=60, **options)


def metrics(stack, *arguments):
    """{family without its prefix: {labels' values but the site: number}}"""
    done = admin(stack, *arguments, "metrics")
    return {name.removeprefix("spotify_fcgi_"): {
        tuple(value for label, value in labels if label != "site"): number
        for labels, number in samples.items()}
        for name, (_, samples) in families(done.stdout).items()}


def risen(before, after, family):
    """By how much the counts of a family have gone up, without those that
    have not."""
    assert before[family].keys() == after[family].keys()
    return {labels: number - before[family][labels]
            for labels, number in after[family].items()
            if number != before[family][labels]}
