#!/usr/bin/python3
# tests/it/load.py -- asks without pause, and checks every answer.
#
# load.py URL CA KEYFILE ENOUGH [PATH:THREADS ...]
#
# Each thread asks PATH?n=N, its own N each time, on one connection as long as the
# web server keeps that, until the file ENOUGH exists.  Right is a 200 whose data
# is N.  Closes with one line: "SENT sent, GOOD good", after one for every answer
# that was not (of each thread the first five).

import http.client
import itertools
import json
import os
import ssl
import sys
import threading
import urllib.parse

url, ca, keyfile, enough = sys.argv[1:5]
where = urllib.parse.urlsplit(url)
context = ssl.create_default_context(cafile=ca)
headers = {"access_token": open(keyfile).read().strip()}
numbers = itertools.count(1)
lock = threading.Lock()
sent = good = 0


def complain(bad, what):
    if bad <= 5:
        print(what, flush=True)


def one(path):
    global sent, good
    bad = 0
    link = None
    while not os.path.exists(enough):
        n = next(numbers)
        with lock:
            sent += 1
        try:
            if link is None:
                link = http.client.HTTPSConnection(where.hostname, where.port, timeout=40, context=context)
            link.request("GET", f"{where.path}{path}?n={n}", headers=headers)
            answer = link.getresponse()
            body = answer.read()
            if answer.status == 200 and json.loads(body)["data"] == f"{n}\n":
                with lock:
                    good += 1
                continue
            bad += 1
            complain(bad, f"{path} {n}: {answer.status} {body[:200]!r}")
        except (OSError, ValueError, KeyError, http.client.HTTPException) as e:
            bad += 1
            complain(bad, f"{path} {n}: {e!r}")
            link = None


threads = []
for word in sys.argv[5:]:
    path, count = word.rsplit(":", 1)
    threads += [threading.Thread(target=one, args=(path,)) for _ in range(int(count))]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(f"{sent} sent, {good} good")
