"""Flask's own sessions (a signed cookie) with a key that is made up at each start of each process."""

import os
import time

from flask import Flask, jsonify, redirect, request, session

app = Flask(__name__)
app.secret_key = os.urandom(24)


def refuse():
    return jsonify(error="not signed in"), 401


@app.get("/ready")
def ready():
    return jsonify(ready=True)


@app.post("/sign-in")
def sign_in():
    session["user"] = request.json["user"]
    return jsonify(user=session["user"])


@app.post("/sign-out")
def sign_out():
    session.clear()
    return jsonify(signedOut=True)


@app.get("/me")
def me():
    return jsonify(user=session["user"]) if "user" in session else refuse()


@app.get("/value")
def read_value():
    return jsonify(value=session.get("v:" + request.args["key"])) if "user" in session else refuse()


@app.post("/value")
def write_value():
    if "user" not in session:
        return refuse()
    time.sleep(request.json["takesMs"] / 1000)
    session["v:" + request.json["key"]] = request.json["value"]
    return jsonify(saved=True)


@app.post("/value-then-redirect")
def write_and_redirect():
    if "user" not in session:
        return refuse()
    session["v:" + request.json["key"]] = request.json["value"]
    return redirect("/value?key=" + request.json["key"], 303)
