"""Settings of the Django app, as Django's page "Deployment checklist" has them.

DEBUG is off, which also caches templates; connections to the database persist
("Databases", section "Persistent connections"), for which CONN_MAX_AGE is None;
there is no log of requests.
"""
import os
import secrets

SECRET_KEY = os.environ.get("SECRET_KEY") or secrets.token_hex(32)
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "views"
WSGI_APPLICATION = "wsgi.application"
INSTALLED_APPS = ["tags"]
# Without sessions and accounts, which cost more and which the list has no use
# for.
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [{
    "BACKEND": "django.template.backends.django.DjangoTemplates",
    "DIRS": [os.path.join(os.path.dirname(__file__), "templates")],
}]
DATABASES = {"default": {
    "ENGINE": "django.db.backends.mysql",
    "HOST": os.environ["APP_DB_SOCKET"],
    "USER": os.environ["APP_DB_USER"],
    "PASSWORD": os.environ["APP_DB_PASSWORD"],
    "NAME": "COFFEE",
    "CONN_MAX_AGE": None,
}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_I18N = False
USE_TZ = True
