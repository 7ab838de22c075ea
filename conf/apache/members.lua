-- SPDX-License-Identifier: ISC
--
-- Asks the program session, or auth, over its socket, whether a request comes
-- from somebody who is logged in. See members.example and auth.example.
-- FastCGI 1.0, one request on one connection: BEGIN, PARAMS, STDIN; the answer
-- is STDOUT until END.

require "apache2"
local unix = require "socket.unix"

local BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6
-- What an answer may tell, and nobody else.
local HEADERS = { "X-Spotify-Account-Id", "X-Spotify-Scope", "X-Spotify-Name",
	"X-Spotify-Email", "X-Spotify-Access-Token", "X-Spotify-Access-Expires" }
-- Of the pages that Apache shows in a program's place (spotify-fcgi.answers).
local POLICY = "default-src 'none'; style-src "
	.. "'sha256-/2RznuJfin2k8cVbB2gDOq7CXXKwu1kKH8AYgldkjGc='; img-src data:; "
	.. "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
local ANSWER_MAX = 65536

local function record(kind, content)
	return string.pack(">BBI2I2I2", 1, kind, 1, #content, 0) .. content
end

local function length(n)
	return n < 128 and string.char(n) or string.pack(">I4", n | 0x80000000)
end

local function pair(name, value)
	if value == nil then return "" end
	return length(#name) .. length(#value) .. name .. value
end

-- GET whatever the method of the request, and without its body.
local function question(r, program)
	local scope = r.subprocess_env["spotify_fcgi_scope"]
	return record(BEGIN, string.pack(">I2I2I4", 1, 0, 0))
		.. record(PARAMS, pair("GATEWAY_INTERFACE", "CGI/1.1")
			.. pair("REQUEST_METHOD", "GET")
			.. pair("SCRIPT_NAME", "/" .. program)
			.. pair("QUERY_STRING", scope and "scope=" .. scope or "")
			.. pair(program == "auth" and "SPOTIFY_FCGI_INTERNAL"
				or "SPOTIFY_FCGI_REQUIRE", "1")
			.. pair("HTTP_HOST", r.headers_in["Host"])
			.. pair("HTTP_COOKIE", r.headers_in["Cookie"])
			.. pair("UNIQUE_ID", r.subprocess_env["UNIQUE_ID"]))
		.. record(PARAMS, "") .. record(STDIN, "")
end

local function ask(r, program)
	local peer = assert(unix())
	peer:settimeout(20)
	assert(peer:connect(r.subprocess_env["spotify_fcgi_socket"]))
	assert(peer:send(question(r, program)))
	local answer, kind = "", nil
	while kind ~= END and #answer < ANSWER_MAX do
		local n, padding
		kind, n, padding = string.unpack(">xBxxI2Bx",
			assert(peer:receive(8)))
		local content = assert(peer:receive(n + padding))
		if kind == STDOUT then answer = answer .. content:sub(1, n) end
	end
	peer:close()
	return answer
end

-- What a client sent. Some applications take "_" for "-" in a name: no header
-- with "_" in its name passes, as with nginx.
local function forget(r)
	for name in pairs(r:headers_in_table()) do
		if name:find("_", 1, true) then r.headers_in[name] = nil end
	end
	for _, name in ipairs(HEADERS) do r.headers_in[name] = nil end
end

-- A proxy leaves out what a client's Connection names, whoever has set it.
local CONNECTION = { close = true, ["keep-alive"] = true, upgrade = true }
local function keep_connection(r)
	local kept = {}
	local words = (r.headers_in["Connection"] or ""):lower()
	for word in words:gmatch("[^,%s]+") do
		if CONNECTION[word] then kept[#kept + 1] = word end
	end
	r.headers_in["Connection"] = kept[1] and table.concat(kept, ", ")
end

-- Those of a site below a directory say by eight characters which one that is.
-- Apache joins two Cookie lines by a comma, and one of ours may begin there.
local tag = "^spotify%." .. ("[%w_%-]"):rep(8) .. "%-"
local function is_ours(cookie)
	for part in cookie:gmatch("[^,]+") do
		local name = (part:match("^%s*([^=]*)=") or "")
			:gsub("^__Host%-", ""):gsub(tag, "spotify-")
		if name == "spotify-session"
		    or name:match("^spotify%-login%-") then return true end
	end
	return false
end

-- The application keeps its own cookies and gets none of ours, with which it
-- could act as the visitor.
local function keep_cookies(r)
	local kept = {}
	for cookie in (r.headers_in["Cookie"] or ""):gmatch("[^;]+") do
		if not is_ours(cookie) then kept[#kept + 1] = cookie end
	end
	local text = table.concat(kept, ";"):match("^%s*(.-)%s*$")
	r.headers_in["Cookie"] = text ~= "" and text or nil
end

-- A browser that goes to a page. One that does not say what it is about (an
-- old one, and any over plain http) is told by what it wants to have.
local function is_navigation(r)
	local mode = r.headers_in["Sec-Fetch-Mode"]
	local wanted = (r.headers_in["Accept"] or ""):lower()
	if mode then return mode == "navigate" end
	return wanted:find("text/html", 1, true) ~= nil
end

local function tell(r, answer)
	for _, name in ipairs(HEADERS) do
		r.headers_in[name] = answer:match("\n" .. name:gsub("%-", "%%-")
			.. ": ([^\r\n]+)")
	end
end

local function check_by(r, program)
	forget(r)
	keep_connection(r)
	local asked, answer = pcall(ask, r, program)
	local status = asked and answer:match("^Status: (%d+)")
	if status == "204" then
		tell(r, answer)
		keep_cookies(r)
		return apache2.OK
	end
	r.err_headers_out["Cache-Control"] = "no-store"
	if status == "401" and not is_navigation(r) then
		r.subprocess_env["spotify_fcgi_stranger"] = "1"
		return 401
	end
	if status == "401" then
		r.headers_out["Location"] = r.subprocess_env["spotify_fcgi_login"]
		return 303
	end
	if status == "403" then return 403 end
	-- The cause, but no byte of the answer.
	r:err("spotify-fcgi: the " .. program
		.. " program did not answer: "
		.. (asked and "status " .. tostring(status) or answer))
	r.err_headers_out["Retry-After"] = "2"
	r.err_headers_out["Content-Security-Policy"] = POLICY
	return 503
end

function check(r) return check_by(r, "session") end

function check_auth(r) return check_by(r, "auth") end
