# Rows of the tables of codex-rest(7) that rest.bats does not need for what it shows: each status, text and field.
load ../common
load serve

# rows: lines of METHOD | PATH | STATUS | TEXT, where a text of - is not looked at.
rows() {
    local method path status text
    while IFS='|' read -r method path status text; do
        ask --path-as-is -X "$method" "$path"
        assert_equal "$method $path: $code" "$method $path: $status"
        [[ $text == - ]] || assert_equal "$method $path: $body" "$method $path: $text"
    done
}

@test "CIDs that are none, in each call that has one" {
    start_api
    printf x >file
    cid=$(codex-chunk put file)
    local method path
    for path in GET:/data/CID DELETE:/data/CID POST:/data/CID/network GET:/data/CID/network GET:/data/CID/network/stream \
        GET:/data/CID/network/manifest GET:/data/CID/exists; do
        method=${path%%:*} path=${path#*:}
        rows <<<"$method|${path/CID/}|400|Incorrect Cid
$method|${path/CID/nonsense}|400|Incorrect Cid
$method|${path/CID/%20}|400|Incorrect Cid
$method|${path/CID/zzzzzzzz}|400|Unsupported Cid
$method|${path/CID/"$cid"%2f}|400|Incorrect Cid
$method|${path/CID/f0155122000000000000000000000000000000000000000000000000000000000000000000000}|400|Overrun Cid
$method|${path/CID/%zz}|400|
$method|${path/CID/..}|400|"
    done
    end_node
}

@test "paths and methods that there are not, and bodies without a type" {
    start_api
    rows <<<"GET|/|404|
GET|/nothing|404|
GET|/data/a/b|404|
GET|/data/a/network/b|404|
PUT|/data|404|What this path takes: POST, GET, OPTIONS
PATCH|/data|404|What this path takes: POST, GET, OPTIONS
POST|/data/a|404|What this path takes: GET, DELETE, OPTIONS
PUT|/data/a|404|What this path takes: GET, DELETE, OPTIONS
DELETE|/data|404|What this path takes: POST, GET, OPTIONS
DELETE|/data/a/network|404|What this path takes: POST, GET
POST|/space|404|What this path takes: GET
POST|/spr|404|What this path takes: GET
POST|/peerid|404|What this path takes: GET
POST|/debug/info|404|What this path takes: GET
GET|/debug/chronicles/loglevel|404|What this path takes: POST
GET|/debug/peer/a|404|
GET|/connect|404|
GET|/sales|404|
DELETE|/sales/availability/00|404|What this path takes: PATCH, OPTIONS
GET|/storage/request/a|404|What this path takes: POST
POST|/storage/purchases|404|What this path takes: GET
TRACE|/space|404|What this path takes: GET
OPTIONS|/space|404|What this path takes: GET
OPTIONS|/nothing|404|"
    # What is no upload, nor of the marketplace, has a type where it has a body.
    for path in /data/x/network '/debug/chronicles/loglevel?level=INFO'; do
        ask -X POST -H 'Content-Type:' -d x "$path"
        assert_answer 400 ''
        ask -X POST -H 'Content-Type: garbage' -d x "$path"
        assert_answer 400 ''
    done
    ask -X POST -H 'Content-Type: text/plain' -d x '/debug/chronicles/loglevel?level=INFO'
    assert_answer 200 ''
    ask -X POST -H 'Content-Type: text/plain;charset=UTF-8' -d '' '/debug/chronicles/loglevel?level=INFO'
    assert_answer 200 ''
    ask -X POST -H 'Content-Type:' -d x /storage/request/x
    assert_answer 503 'Persistence is not enabled'
    local api=${api%/api*}
    rows <<<"GET|/api/codex/v2/space|404|
GET|/api/codex/v1|404|"
    end_node
}

@test "what no call answers is guarded, too" {
    start_api
    local host=${api#http://} request
    host=${host%%/*}
    for request in 'nonsense' 'GET / HTTP/1.1' 'GET / HTTP/1.1\r\nHost: a\r\nHost: b' 'GET / HTTP/1.1\nHost: a' \
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked' \
        'GET / HTTP/1.1\r\nHost: a\r\n b: c' 'GET / HTTP/1.1\r\nHost: a\r\nb : c'; do
        exec {raw}<>"/dev/tcp/${host%:*}/${host##*:}"
        # shellcheck disable=SC2059 # it has line ends
        printf "$request\r\n\r\n" >&"$raw"
        timeout 60 tr -d '\r' <&"$raw" >heard
        exec {raw}<&-
        assert_equal "$request: $(head -n 1 heard)" "$request: HTTP/1.1 400 Bad Request"
        grep -qx 'X-Content-Type-Options: nosniff' heard || fail "$request: $(cat heard)"
        grep -qx "Content-Security-Policy: default-src 'none'; sandbox" heard || fail "$request: $(cat heard)"
        grep -qx 'Connection: close' heard || fail "$request: $(cat heard)"
    done
    end_node
}

@test "each answer with the page names its script by another nonce" {
    start_api
    api=${api%/api*}
    local nonces=()
    for _ in 1 2; do
        ask /
        [[ $head =~ "Content-Security-Policy: default-src 'none'; script-src 'nonce-"([0-9a-f]{32})"'; " ]] || fail "$head"
        nonces+=("${BASH_REMATCH[1]}")
        grep -q "<script type=\"module\" nonce=\"${BASH_REMATCH[1]}\" " body || fail "$(grep '<script' body)"
    done
    assert_not_equal "${nonces[0]}" "${nonces[1]}"
    end_node
}

@test "what a client likes best: text, or an object" {
    start_api
    id=$(codex-serve id)
    local accept
    for accept in 'text/plain' 'text/plain, application/json' 'application/json;q=0.5, text/plain' 'TEXT/PLAIN;q=1.0' \
        'text/html;q=0.1, text/plain;q=0.2'; do
        ask -H "Accept: $accept" /peerid
        assert_answer 200 "$id"
        assert_field Content-Type text/plain
    done
    for accept in '*/*' 'application/json' 'application/json, text/plain' 'text/plain;q=0.5, application/json' \
        'text/plain;q=2' 'text/plain;q=0' 'text/*' nonsense ',;=' ''; do
        ask -H "Accept: $accept" /peerid
        assert_answer 200 "{\"id\":\"$id\"}"
        assert_field Content-Type application/json
    done
    ask -H 'Content-Type: text/plain' /peerid # which says nothing about the answer
    assert_answer 200 "{\"id\":\"$id\"}"
    end_node
}

@test "fields for browsers, of each kind of call and answer" {
    printf x >file
    cid=$(codex-chunk put file)
    # explicit METHOD PATH...: of calls that say themselves who may read them.
    explicit() {
        ask -X "$1" "${@:2}"
        assert_field Access-Control-Allow-Origin "$origin"
        assert_field Access-Control-Allow-Methods "$1, OPTIONS"
        assert_field Access-Control-Max-Age 86400
    }
    # silent METHOD PATH: of those that do not.
    silent() {
        ask -X "$1" "${@:2}"
        assert_field Access-Control-Allow-Origin ''
        assert_field Access-Control-Allow-Methods ''
    }
    origin=http://a.example
    start_api --api-cors-origin "$origin"
    for path in "/data/$cid" "/data/$cid/network/stream" /spr /peerid /debug/info /data/nonsense /data/nonsense/network/stream \
        /connect/nonsense /sales/slots /sales/slots/00 /sales/availability /sales/availability/00/reservations \
        /storage/purchases /storage/purchases/00 /data/nonsense/network/manifest /data/nonsense/exists; do
        explicit GET "$path"
    done
    for path in /data/nonsense/network /debug/chronicles/loglevel '/debug/chronicles/loglevel?level=x' /sales/availability \
        /storage/request/x; do
        explicit POST "$path"
    done
    explicit DELETE /data/nonsense
    for path in /data /space "/data/$cid/network/manifest" "/data/$cid/exists"; do
        silent GET "$path"
    done
    for path in "/data/$cid/network" '/debug/chronicles/loglevel?level=INFO'; do
        silent POST "$path"
    done
    silent PATCH /sales/availability/00
    for path in "/data/$cid" "/data/$cid/network/stream"; do
        ask "$path"
        assert_field Access-Control-Headers X-Requested-With
        assert_field Access-Control-Expose-Headers 'Content-Disposition, Content-Length'
    done
    # Of an origin that may, every answer that is good; of another, none says so.
    for path in /data /space "/data/$cid" "/data/$cid/exists" "/data/$cid/network/manifest" /spr /peerid /debug/info; do
        ask -H "Origin: $origin" "$path"
        assert_answer 200
        assert_field Access-Control-Allow-Origin "$origin"
        assert_field Vary Origin
    done
    for other in http://b.example https://a.example http://a.example:1 http://sub.a.example null a.example; do
        ask -H "Origin: $other" /space
        assert_answer 200
        assert_field Access-Control-Allow-Origin ''
        assert_field Vary ''
    done
    ask -H "Origin: $origin" /nothing
    assert_field Access-Control-Allow-Origin ''
    ask -H "Origin: $origin" -H 'Origin: x' /space
    assert_answer 400 'Only a single Origin header must be specified'
    ask -X OPTIONS -H 'Origin: http://b.example' /data
    assert_answer 204 ''
    assert_field Access-Control-Allow-Origin "$origin" # by which the browser sees that it is not meant
    end_node
    # Without a scheme, it is host and port that count.
    start_api --api-cors-origin a.example:8
    for good in http://a.example:8 https://a.example:8 HTTP://A.EXAMPLE:8; do
        ask -H "Origin: $good" /space
        assert_field Access-Control-Allow-Origin "$good"
        assert_field Vary Origin
        ask -H "Origin: $good" "/data/$cid" # goes before what the call says
        assert_field Access-Control-Allow-Origin "$good"
    done
    ask -H 'Origin: http://a.example' /space
    assert_field Access-Control-Allow-Origin ''
    end_node
    # Anyone's: never with the origin itself.
    origin='*'
    start_api --api-cors-origin '*'
    explicit GET "/data/$cid"
    for path in /space "/data/$cid" /debug/info; do
        ask -H 'Origin: http://b.example' "$path"
        assert_field Access-Control-Allow-Origin '*'
        assert_field Vary ''
    done
    ask -X POST -T file -H 'Origin: http://b.example' /data
    assert_answer 200
    assert_field Access-Control-Allow-Origin '*'
    end_node
    # Nobody's: only what a stream has in any case.
    start_api
    for path in "/data/$cid" /debug/info /sales/slots /data/nonsense; do
        silent GET "$path"
    done
    ask -H 'Origin: http://a.example' "/data/$cid/network/stream"
    assert_field Access-Control-Allow-Origin ''
    [[ $head == *'Access-Control-Expose-Headers: Content-Disposition'* ]] || fail "$head"
    for path in /data "/data/$cid" /sales/availability/00; do
        ask -X OPTIONS "$path"
        assert_answer 204 ''
        assert_field Access-Control-Allow-Methods ''
        assert_field Access-Control-Allow-Headers ''
    done
    end_node
}
