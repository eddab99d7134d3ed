"""Made-up secrets of every kind and look-alikes that are none, drawn from a seed.

Nothing here is a credential, and no literal in this file looks like one: prefixes are glued to drawn characters when
the tests run.
"""

from __future__ import annotations

import base64
import json
import random
import string
import uuid
from collections.abc import Callable

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + "234567"
URLSAFE = ALNUM + "_-"

Draw = Callable[[random.Random], str]


def some(alphabet: str, count: int) -> Draw:
    """Characters of `alphabet`, the first and the last always a letter or digit."""
    ends = "".join(c for c in alphabet if c.isalnum())

    def draw(rng: random.Random) -> str:
        middle = "".join(rng.choices(alphabet, k=count - 2))
        return rng.choice(ends) + middle + rng.choice(ends)

    return draw


def glued(*parts: str | Draw) -> Draw:
    return lambda rng: "".join(part if isinstance(part, str) else part(rng) for part in parts)


def jwt(rng: random.Random) -> str:
    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return ".".join((part({"alg": "HS256"}), part({"sub": some(ALNUM, 12)(rng), "iat": 1}), some(URLSAFE, 43)(rng)))


# Secrets whose own shape gives them away.
TOKENS: dict[str, Draw] = {
    "github_classic": glued("gh" + "p_", some(ALNUM, 36)),
    "github_oauth": glued("gh" + "o_", some(ALNUM, 36)),
    "github_fine": glued("github" + "_pat_", some(ALNUM, 22), "_", some(ALNUM, 59)),
    "gitlab": glued("gl" + "pat-", some(URLSAFE, 20)),
    "gitlab_runner": glued("gl" + "rt-", some(URLSAFE, 20)),
    "aws_id": glued("AK" + "IA", some(UPPER, 16)),
    "aws_session_id": glued("AS" + "IA", some(UPPER, 16)),
    "anthropic": glued("sk-" + "ant-api03-", some(URLSAFE, 93), "AA"),
    "anthropic_oauth": glued("sk-" + "ant-oat01-", some(URLSAFE, 90)),
    "openai_project": glued("sk-" + "proj-", some(URLSAFE, 120)),
    "openai": glued("sk-", some(ALNUM, 20), "T3Blbk" + "FJ", some(ALNUM, 20)),
    "openrouter": glued("sk-" + "or-v1-", some(HEX, 64)),
    "google_api": glued("AI" + "za", some(URLSAFE, 35)),
    "google_oauth": glued("ya" + "29.a0", some(URLSAFE, 80)),
    "google_client": glued("GOC" + "SPX-", some(URLSAFE, 28)),
    "slack_bot": glued("xo" + "xb-", some(string.digits, 12), "-", some(string.digits, 12), "-", some(ALNUM, 24)),
    "slack_app": glued("xa" + "pp-1-A0", some(UPPER, 9), "-", some(string.digits, 13), "-", some(HEX, 64)),
    "slack_hook": glued("hooks.sl" + "ack.com/services/T", some(UPPER, 9), "/B", some(UPPER, 9), "/", some(ALNUM, 24)),
    "discord_hook": glued("discord.com/api/web" + "hooks/", some(string.digits, 18), "/", some(URLSAFE, 68)),
    "discord_bot": glued("M", some(ALNUM, 25), ".", some(URLSAFE, 6), ".", some(URLSAFE, 38)),
    "telegram": glued(some(string.digits, 10), ":A" + "A", some(URLSAFE, 33)),
    "stripe": glued("sk_" + "live_", some(ALNUM, 24)),
    "stripe_restricted": glued("rk_" + "test_", some(ALNUM, 99)),
    "stripe_webhook": glued("wh" + "sec_", some(ALNUM, 32)),
    "square": glued("sq0" + "atp-", some(URLSAFE, 22)),
    "shopify": glued("shp" + "at_", some(HEX, 32)),
    "npm": glued("npm" + "_", some(ALNUM, 36)),
    "pypi": glued("pypi-" + "AgEIcHlwaS5vcmc", some(URLSAFE, 150)),
    "rubygems": glued("ruby" + "gems_", some(HEX, 48)),
    "docker": glued("dckr" + "_pat_", some(URLSAFE, 27)),
    "huggingface": glued("h" + "f_", some(string.ascii_letters, 34)),
    "groq": glued("gs" + "k_", some(ALNUM, 52)),
    "replicate": glued("r" + "8_", some(ALNUM, 37)),
    "xai": glued("xa" + "i-", some(ALNUM, 80)),
    "perplexity": glued("pp" + "lx-", some(ALNUM, 48)),
    "langsmith": glued("ls" + "v2_pt_", some(HEX, 32), "_", some(HEX, 10)),
    "sendgrid": glued("S" + "G.", some(URLSAFE, 22), ".", some(URLSAFE, 43)),
    "twilio": glued("S" + "K", some(HEX, 32)),
    "mailchimp": glued(some(HEX, 32), "-us", "14"),
    "digitalocean": glued("do" + "p_v1_", some(HEX, 64)),
    "heroku": glued("HR" + "KU-", lambda rng: str(uuid.UUID(int=rng.getrandbits(128), version=4))),
    "netlify": glued("nf" + "p_", some(ALNUM, 36)),
    "supabase": glued("sb" + "p_", some(HEX, 40)),
    "planetscale": glued("psc" + "ale_tkn_", some(URLSAFE, 43)),
    "databricks": glued("da" + "pi", some(HEX, 32)),
    "doppler": glued("dp" + ".pt.", some(ALNUM, 43)),
    "vault": glued("hv" + "s.", some(URLSAFE, 90)),
    "terraform": glued(some(ALNUM, 14), ".atlas" + "v1.", some(URLSAFE, 67)),
    "pulumi": glued("pu" + "l-", some(HEX, 40)),
    "grafana": glued("gl" + "sa_", some(ALNUM, 32), "_", some(HEX, 8)),
    "newrelic": glued("NR" + "AK-", some(UPPER, 27)),
    "sentry": glued("sntry" + "u_", some(HEX, 64)),
    "linear": glued("lin" + "_api_", some(ALNUM, 40)),
    "notion": glued("nt" + "n_", some(ALNUM, 46)),
    "figma": glued("fi" + "gd_", some(URLSAFE, 40)),
    "postman": glued("PM" + "AK-", some(HEX, 24), "-", some(HEX, 34)),
    "airtable": glued("p" + "at", some(ALNUM, 14), ".", some(HEX, 64)),
    "atlassian": glued("ATA" + "TT3xFfGF0", some(URLSAFE, 170)),
    "bitbucket": glued("AT" + "BB", some(ALNUM, 32)),
    "azure_client": glued(some(ALNUM, 3), "8" + "Q~", some(ALNUM, 34)),
    "age": glued("AGE-SEC" + "RET-KEY-1", some(string.ascii_uppercase + string.digits, 58)),
    "jwt": jwt,
}

# Secrets that only their surroundings give away: {} is the secret.
PASSWORD = glued(some(ALNUM, 6), "!", some(ALNUM, 6))
NAMED: dict[str, tuple[str, Draw]] = {
    "env_password": ("export DB_PASSWORD={}", PASSWORD),
    "env_plain_word": ("POSTGRES_PASSWORD={}", lambda rng: rng.choice(("correcthorse", "letmeinplease", "swordfish"))),
    "env_secret": ("AWS_SECRET_ACCESS_KEY={}", some(ALNUM + "/+", 40)),
    "aws_file": ("aws_secret_access_key = {}", some(ALNUM + "/+", 40)),
    "yaml_password": ("  password: {}", PASSWORD),
    "yaml_quoted": ("  client_secret: '{}'", some(ALNUM, 32)),
    "json_token": ('{{"id": 7, "access_token": "{}", "n": 1}}', some(URLSAFE, 40)),
    "json_key": ('"apiKey":"{}"', some(HEX, 32)),
    "json_inside_json": ('"content":"{{\\"password\\":\\"{}\\"}}"', PASSWORD),
    "json_escaped_equals": ('"body":"user=a\\u0026password\\u003d{}\\u0026x=1"', PASSWORD),
    "python": ('client = Client(api_key="{}")', some(ALNUM, 40)),
    "python_password": ("PASSWORD = '{}'", PASSWORD),
    "js": ("const token = '{}';", some(ALNUM, 48)),
    "ini": ("secret_key={}", some(ALNUM, 50)),
    "npmrc": ("//registry.example.com/:_authToken={}", some(ALNUM, 40)),
    "query": ("GET /callback?state=1&access_token={}&x=2 HTTP/1.1", some(URLSAFE, 40)),
    "option": ("$ tool login --user ann --password {} --verbose", PASSWORD),
    "option_equals": ("tool --api-key={} run", some(ALNUM, 32)),
    "option_list": ('["tool", "--token", "{}"]', some(ALNUM, 32)),
    "curl_user": ("curl -sS -u ann:{} https://example.com/a", PASSWORD),
    "url": ("postgres://ann:{}@db.example.com:5432/shop", some(ALNUM, 14)),
    "url_weak": ("redis://:{}@localhost:6379/0", lambda rng: rng.choice(("redis1", "s3cret", "changeit"))),
    "url_token": ("https://{}@github.example.com/a/b.git", some(ALNUM, 40)),
    "url_git": ("remote: https://oauth2:{}@gitlab.example.com/a.git", some(ALNUM, 24)),
    "bearer": ("Authorization: Bearer {}", some(URLSAFE + ".", 60)),
    "bearer_json": ('{{"headers": {{"authorization": "Bearer {}"}}}}', some(URLSAFE, 40)),
    "bearer_curl": ("curl -H 'Authorization: Bearer {}' https://example.com", some(URLSAFE, 40)),
    "token_header": ("> Authorization: token {}", some(HEX, 40)),
    "basic": ("authorization: Basic {}", lambda rng: base64.b64encode(f"ann:{PASSWORD(rng)}".encode()).decode()),
    "api_key_header": ("x-api-key: {}", some(ALNUM, 32)),
    "private_token": ("PRIVATE-TOKEN: {}", some(URLSAFE, 24)),
    "cookie": ("Cookie: {}; theme=dark", glued("session=", some(ALNUM, 40))),
    "set_cookie": ("< set-cookie: {}; Path=/; HttpOnly", glued("sid=", some(URLSAFE, 32))),
    "azure_storage": ("AccountName=shop;AccountKey={};EndpointSuffix=core", glued(some(ALNUM + "+/", 86), "==")),
    "azure_sas": ("https://a.blob.example.net/c?sv=2022&sig={}", glued(some(ALNUM, 40), "%3D")),
    "netrc": ("machine example.com login ann password {}", PASSWORD),
    "passphrase": (
        'passphrase="{}"',
        lambda rng: " ".join(rng.choices(("correct", "horse", "battery", "staple"), k=4)),
    ),
    "encryption_key": ("ENCRYPTION_KEY={}", some(HEX, 64)),
    "webhook": ("webhook_secret: {}", some(HEX, 40)),
    "terraform_variable": ('db_password = "{}"', PASSWORD),
}

CONTEXTS = ("{}", "value {} here", '"{}"', "export X={}", "{{'k': '{}'}}", "({})", "key\\n{}\\nnext", "\t{}")


def coloured(text: str, rng: random.Random) -> str:
    """An escape sequence in the middle, as syntax highlighting and search hits leave it."""
    at = rng.randrange(1, len(text))
    return text[:at] + rng.choice(("\x1b[0m", "\x1b[1;31m", "\x1b[01;31m\x1b[K", "\x1b[38;5;231m")) + text[at:]


def escaped(text: str, rng: random.Random) -> str:
    at = rng.randrange(len(text))
    return f"{text[:at]}\\u{ord(text[at]):04x}{text[at + 1 :]}"


def secrets(seed: int) -> list[tuple[str, str, str]]:
    """(kind, line, the secret as it stands in the line)."""
    rng = random.Random(seed)
    samples = []
    for kind, draw in TOKENS.items():
        for number in range(4):
            token = draw(rng)
            token = coloured(token, rng) if number == 2 else escaped(token, rng) if number == 3 else token
            samples.append((kind, rng.choice(CONTEXTS).format(token), token))
    for kind, (line, draw) in NAMED.items():
        for number in range(4):
            value = draw(rng)
            value = coloured(value, rng) if number == 3 else value
            samples.append((kind, line.format(value), value))
    return samples


# Words about secrets, code that handles them, places where one will stand.
WRITTEN = """
max_tokens: 4096
tokens used: 12345
input_tokens=3705, output_tokens=48
"token_count": 123456789
token = self.tokenizer.next()
token = tokens[index]
password = getpass.getpass()
password: string
const password = process.env.DB_PASSWORD;
password = os.environ["DB_PASSWORD"]
secret: ${{ secrets.NPM_TOKEN }}
GITHUB_TOKEN: ${{ github.token }}
API_KEY=$API_KEY
export TOKEN=<your token here>
password=********
PASSWORD=
api_key: "your-api-key-here"
Authorization: Bearer <token>
Authorization: Bearer ${TOKEN}
headers = {'Authorization': f'Bearer {token}'}
Authorization required
the password is wrong
password: required
def check(password: str, token: str) -> bool:
if password == "": raise ValueError
Enter passphrase for key:
secret_name: shop/production
token_type: bearer
auth: none
tokenizer=AutoTokenizer
secrets.toml
https://user@example.com/a
ssh://git@example.com:22/a.git
git@github.com:a/b.git
http://localhost:8080/a@b
mailto:ann@example.com
cookie: the name of the cookie
Set-Cookie header is missing
private_key_path=/etc/key.pem
token: 'csrf'
password_field: 'input'
keyboard: qwerty
key: value
auth_token = get_token(user)
api_key=None
"password": null
"secret": true
credentials: include
apiKey: config.apiKey,
client_secret=client_secret
The access key and the secret key are both needed.
token expired: please log in
"tokens": {"input": 120, "output": 40}
session_key: undefined
SECRET_KEY = settings.SECRET_KEY
aws_access_key_id = AKIA-not-a-key
sk-learn and sk-image
ghp_ is the prefix
npm_config_loglevel=silent
hf_hub_download(repo_id)
key-value store
pat_matching
export PATH=/usr/local/bin:/usr/bin
MD5 (a) = x
$ pip install --index-url https://pypi.example.com/simple requests
--token-limit 5000
--password-stdin
"""


def innocents(seed: int) -> list[str]:
    """Lines full of identifiers, digests and words about secrets, none of which is one."""
    rng = random.Random(seed)
    sha, sha256, md5 = some(HEX, 40), some(HEX, 64), some(HEX, 32)
    base = some(ALNUM + "+/", 86)

    def identifier(rng: random.Random) -> str:
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    drawn: list[tuple[str, Draw]] = [
        ("commit {}", sha),
        ("HEAD is now at {} Fix the token refresh", some(HEX, 7)),
        ("index {}..0000000 100644", some(HEX, 7)),
        ("Merge: {} into main", sha),
        ('"parentUuid":"{}"', identifier),
        ("request_id={}", identifier),
        ('"id":"{}"', glued("toolu_01", some(ALNUM, 22))),
        ('"id":"{}"', glued("msg_01", some(ALNUM, 22))),
        ('"request_id":"{}"', glued("req_01", some(ALNUM, 22))),
        ('"call_id":"{}"', glued("call_", some(ALNUM, 24))),
        ('"signature":"{}"', glued("Eq", some(ALNUM + "+/", 300), "==")),
        ('"integrity": "sha512-{}=="', base),
        ("sha256:{}", sha256),
        ('  resolved "https://registry.example.com/a/-/a-1.0.0.tgz#{}"', sha),
        ('hash = "sha256-{}="', some(ALNUM + "+/", 43)),
        ('checksum = "{}"', sha256),
        ('etag: W/"{}"', md5),
        ("docker.io/library/a@sha256:{}", sha256),
        ("cache-key-{}", md5),
        ("node-modules-key-{}", sha256),
        ("trace_id={} span_id=0123456789abcdef", md5),
        ("traceparent: 00-{}-0123456789abcdef-01", md5),
        ("/home/ann/project/src/{}/index.ts", some(string.ascii_lowercase, 12)),
        ("blob:{}", identifier),
        ('"data":"data:image/png;base64,{}"', base),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} ann@host", some(ALNUM + "+/", 43)),
        ("-----BEGIN CERTIFICATE-----{}", base),
        ("deduplication {}", sha256),
        ('"encrypted_content":"gAAAAA{}"', base),
        ("Bundle.{}.js", some(HEX, 20)),
        ("https://example.com/a/{}?v=2", identifier),
        ("build-{}", some(ALNUM, 20)),
        ('"nextPageToken":"{}"', some(URLSAFE, 40)),
        ('"next_token": "{}"', some(ALNUM, 60)),
        ('"public_key": "{}"', some(ALNUM, 44)),
        ("primary_key: {}", some(ALNUM, 20)),
    ]
    lines = [line.format(draw(rng)) for line, draw in drawn for _ in range(10)]
    return lines + WRITTEN.strip("\n").split("\n")
