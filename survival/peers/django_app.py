"""Django with its own users (SQLite) and cache sessions (django-redis), in one file."""

import json
import os
import time

import django
from django.conf import settings

settings.configure(
    SECRET_KEY=os.environ.get("SESSION_SECRET", ""),
    ALLOWED_HOSTS=["app.example.test", "localhost"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(os.environ["DATA_DIR"], "users.sqlite3")}
    },
    CACHES={"default": {"BACKEND": "django_redis.cache.RedisCache", "LOCATION": os.environ["REDIS_URL"]}},
    SESSION_ENGINE="django.contrib.sessions.backends.cache",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

from django.contrib.auth import get_user_model, login, logout  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.http import HttpResponseRedirect, JsonResponse  # noqa: E402
from django.urls import path  # noqa: E402


def refuse():
    return JsonResponse({"error": "not signed in"}, status=401)


def ready(request):
    return JsonResponse({"ready": True})


def sign_in(request):
    user, _ = get_user_model().objects.get_or_create(username=json.loads(request.body)["user"])
    login(request, user)
    return JsonResponse({"user": user.username})


def sign_out(request):
    logout(request)
    return JsonResponse({"signedOut": True})


def me(request):
    return JsonResponse({"user": request.user.username}) if request.user.is_authenticated else refuse()


def value(request):
    if not request.user.is_authenticated:
        return refuse()
    if request.method == "GET":
        return JsonResponse({"value": request.session.get("v:" + request.GET["key"])})
    body = json.loads(request.body)
    time.sleep(body["takesMs"] / 1000)
    request.session["v:" + body["key"]] = body["value"]
    return JsonResponse({"saved": True})


def value_then_redirect(request):
    if not request.user.is_authenticated:
        return refuse()
    body = json.loads(request.body)
    request.session["v:" + body["key"]] = body["value"]
    response = HttpResponseRedirect("/value?key=" + body["key"])
    response.status_code = 303
    return response


urlpatterns = [
    path("ready", ready),
    path("sign-in", sign_in),
    path("sign-out", sign_out),
    path("me", me),
    path("value", value),
    path("value-then-redirect", value_then_redirect),
]

if __name__ == "__main__":
    call_command("migrate", run_syncdb=True, verbosity=0)
else:
    application = get_wsgi_application()
