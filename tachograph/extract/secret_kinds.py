"""What secrets look like when their own shape gives them away: one pattern per issuer. Data only.

Patterns are RE2 over Latin-1 bytes and begin and end at a word boundary that `redact` adds. A kind is what stands in
the mask: `[redacted:github_token]`.
"""

from __future__ import annotations

import re2

W = r"[A-Za-z0-9_-]"
A = r"[A-Za-z0-9]"
H = r"[0-9a-f]"

KINDS: tuple[tuple[str, str], ...] = (
    ("github_token", rf"gh[pousr]_{A}{{36,}}|github_pat_[A-Za-z0-9_]{{22,}}"),
    ("gitlab_token", rf"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|imt|oas|ffct)-{W}{{20,}}(?:\.{W}{{2,}})*"),
    ("bitbucket_token", rf"ATBB{A}{{24,}}"),
    ("aws_access_key", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    ("anthropic_key", rf"sk-ant-{W}{{20,}}"),
    ("openrouter_key", rf"sk-or-v1-{H}{{40,}}"),
    ("openai_key", rf"sk-(?:proj|svcacct|admin|None)-{W}{{20,}}|sk-{A}{{32,}}"),
    ("google_api_key", rf"AIza{W}{{35}}"),
    ("google_oauth", rf"ya29\.{W}{{20,}}|GOCSPX-{W}{{24,}}|1//0{W}{{30,}}"),
    ("slack_token", rf"xox[abeoprs](?:\.xox[bp])?-{W}{{10,}}|xapp-[0-9]-[A-Z0-9]{{6,16}}-[0-9]{{6,16}}-{H}{{32,}}"),
    ("slack_webhook", r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/-]{20,}"),
    ("discord_webhook", rf"discord(?:app)?\.com/api/webhooks/[0-9]{{15,22}}/{W}{{40,}}"),
    ("discord_token", rf"[MNO]{A}{{23,27}}\.{W}{{6}}\.{W}{{27,}}"),
    ("telegram_token", rf"[0-9]{{8,10}}:AA{W}{{32,34}}"),
    ("stripe_key", rf"(?:sk|rk)_(?:live|test)_{A}{{16,}}|whsec_[A-Za-z0-9+/]{{24,}}={{0,2}}"),
    ("square_token", rf"sq0(?:atp|csp|idp)-{W}{{22,}}|EAAA{W}{{56,}}"),
    ("shopify_token", r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"),
    ("npm_token", rf"npm_{A}{{36}}"),
    ("pypi_token", rf"pypi-AgE{W}{{50,}}"),
    ("rubygems_key", rf"rubygems_{H}{{48}}"),
    ("crates_token", rf"cio{A}{{32}}"),
    ("nuget_key", r"oy2[a-z0-9]{43}"),
    ("docker_token", rf"dckr_(?:pat|oat)_{W}{{20,}}"),
    ("artifactory_key", rf"AKCp{A}{{60,}}"),
    ("huggingface_token", rf"hf_{A}{{30,}}|api_org_{A}{{34}}"),
    ("groq_key", rf"gsk_{A}{{40,}}"),
    ("replicate_token", rf"r8_{A}{{37}}"),
    ("xai_key", rf"xai-{A}{{60,}}"),
    ("perplexity_key", rf"pplx-{A}{{40,}}"),
    ("langsmith_key", rf"lsv2_(?:pt|sk)_{H}{{32}}_{H}{{10}}"),
    ("tavily_key", rf"tvly-{W}{{20,}}"),
    ("sendgrid_key", rf"SG\.{W}{{16,32}}\.{W}{{16,}}"),
    ("twilio_key", rf"SK{H}{{32}}"),
    ("mailgun_key", rf"key-{H}{{32}}"),
    ("mailchimp_key", rf"{H}{{32}}-us[0-9]{{1,2}}"),
    ("digitalocean_token", rf"do[opr]_v1_{H}{{64}}"),
    ("heroku_key", rf"HRKU-{W}{{36,}}"),
    ("netlify_token", rf"nfp_{A}{{36,}}"),
    ("fly_token", rf"fo1_{W}{{43}}|fm[12][ar]?_[A-Za-z0-9+/=_-]{{60,}}"),
    ("supabase_key", rf"sbp_{H}{{40}}|sb_secret_{W}{{20,}}"),
    ("planetscale_token", r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{32,}"),
    ("databricks_token", rf"dapi{H}{{32}}(?:-[0-9])?"),
    ("doppler_token", rf"dp\.(?:pt|st|sa|ct|scim|audit)\.(?:{W}{{2,35}}\.)?{A}{{40,}}"),
    ("vault_token", rf"hv[sbr]\.{W}{{24,}}"),
    ("terraform_token", rf"{A}{{14}}\.atlasv1\.{W}{{60,}}"),
    ("pulumi_token", rf"pul-{H}{{40}}"),
    ("grafana_token", rf"glsa_{A}{{32}}_[0-9A-Fa-f]{{8}}|glc_eyJ[A-Za-z0-9+/=]{{32,}}"),
    ("newrelic_key", rf"NR(?:AK|II|IQ|JS|RA)-{W}{{19,}}"),
    ("sentry_token", rf"sntrys_[A-Za-z0-9+/=_-]{{40,}}|sntryu_{H}{{64}}"),
    ("dynatrace_token", r"dt0[a-z][0-9]{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    ("linear_key", rf"lin_(?:api|oauth)_{A}{{40,}}"),
    ("notion_token", rf"ntn_{A}{{40,}}|secret_{A}{{43}}"),
    ("figma_token", rf"fig[dour]_{W}{{40,}}"),
    ("postman_key", rf"PMAK-{H}{{24}}-{H}{{34}}"),
    ("airtable_token", rf"pat{A}{{14}}\.{H}{{64}}"),
    ("atlassian_token", r"AT[AC]TT3[A-Za-z0-9_=-]{50,}"),
    ("azure_secret", r"[A-Za-z0-9_~.]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}"),
    ("age_key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    ("cloudflare_token", rf"v1\.0-{H}{{24}}-{H}{{146}}|cf(?:ut|at|k)_{A}{{40,}}"),
    (
        "jwt",
        rf"ey[IJ]{W}{{8,}}\.ey[IJ]{W}{{8,}}\.{W}{{8,}}|eyJ{W}{{10,}}\.{W}*\.{W}{{8,}}\.{W}{{8,}}\.{W}{{8,}}",
    ),
)


def bytes_pattern(pattern: str, capture: bool = True) -> re2._Regexp:
    """RE2 over bytes as they are. (Patterns over UTF-8 do not match where the bytes are invalid.)"""
    options = re2.Options()
    options.log_errors = False
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = not capture
    options.max_mem = 64 << 20
    return re2.compile(pattern.encode("latin-1"), options)
