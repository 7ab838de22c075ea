/* SPDX-License-Identifier: ISC */
/*
 * Hides the texts of the scripts. They are sent whole each time: an engine that
 * was started anew knows none, and a hundred bytes cost less than asking. Redis
 * 6 and all of Valkey understand them.
 */
#include "config.h"

#include "store/scripts.h"

static const char *const texts[] = {
	[SCRIPT_TAKE] =
	    "if ARGV[3] ~= '' and\n"
	    "    redis.call('GETRANGE', KEYS[3], -16, -1) ~= ARGV[3] then\n"
	    "  return {-1, 0, ''}\n"
	    "end\n"
	    "local machine = string.sub(ARGV[1], 1, 16)\n"
	    "local held = redis.call('GET', KEYS[1])\n"
	    "if held and string.sub(held, 1, 16) ~= machine then\n"
	    "  return {math.max(redis.call('PTTL', KEYS[1]), 1), 0, ''}\n"
	    "end\n"
	    "redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])\n"
	    "local room = redis.call('GETRANGE', KEYS[2], 0, 32)\n"
	    "local mark = string.sub(room, 33)\n"
	    "if mark == 'o' and string.sub(room, 1, 16) ~= machine then\n"
	    "  mark = 'd'\n"
	    "end\n"
	    "return {0, held and held ~= ARGV[1] and 1 or 0, mark}\n",
	[SCRIPT_CLAIM] =
	    "local machine, held = string.sub(ARGV[1], 1, 16), false\n"
	    "if KEYS[2] then\n"
	    "  held = redis.call('GET', KEYS[2])\n"
	    "  if held and string.sub(held, 1, 16) ~= machine then\n"
	    "    return {-1, 0}\n"
	    "  end\n"
	    "  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[3])\n"
	    "end\n"
	    "local own = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX',\n"
	    "    ARGV[2]) or redis.call('GET', KEYS[1]) == ARGV[1] and\n"
	    "    redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	    "local told = {own and 1 or 0,\n"
	    "    held and held ~= ARGV[1] and 1 or 0}\n"
	    "for i = 3, #KEYS do told[i] = redis.call('GET', KEYS[i]) end\n"
	    "return told\n",
	/* What is refused for want of memory has removed nothing. */
	[SCRIPT_CREATE] =
	    "local made = redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX',\n"
	    "    ARGV[2]) or redis.call('GETRANGE', KEYS[1], -16, -1) ==\n"
	    "    string.sub(ARGV[1], -16) and\n"
	    "    redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	    "if KEYS[2] and redis.call('GET', KEYS[2]) == ARGV[3] then\n"
	    "  redis.call('DEL', KEYS[2])\n"
	    "end\n"
	    "return made and 1 or 0\n",
	[SCRIPT_FREE] =
	    "local freed = 0\n"
	    "for _, key in ipairs(KEYS) do\n"
	    "  if redis.call('GETRANGE', key, 0, 31) == ARGV[1] then\n"
	    "    freed = freed + redis.call('DEL', key)\n"
	    "  end\n"
	    "end\n"
	    "return freed\n",
	[SCRIPT_PREPARE] =
	    "if redis.call('GET', KEYS[2]) ~= ARGV[1] then return -2 end\n"
	    "local seal = redis.call('GETRANGE', KEYS[1], -16, -1)\n"
	    "if seal == '' then return 0 end\n"
	    "if seal ~= ARGV[2] then return -1 end\n"
	    "local left = redis.call('PTTL', KEYS[3])\n"
	    "if left <= 0 then left = ARGV[5] end\n"
	    "redis.call('SET', KEYS[3], ARGV[1] .. ARGV[3], 'PX', left)\n"
	    "redis.call('SETRANGE', KEYS[3], ARGV[4], '.')\n"
	    "redis.call('PEXPIRE', KEYS[2], ARGV[6])\n"
	    "return 1\n",
	[SCRIPT_COMMIT] =
	    "local seal = redis.call('GETRANGE', KEYS[1], -16, -1)\n"
	    "if seal == ARGV[2] or\n"
	    "    redis.call('GETRANGE', KEYS[2], 0, 31) == ARGV[1] then\n"
	    "  redis.call('DEL', KEYS[2])\n"
	    "end\n"
	    "if seal == '' then return 0 end\n"
	    "if seal == string.sub(ARGV[3], -16) then\n"
	    "  return redis.call('PEXPIRE', KEYS[1], ARGV[4])\n"
	    "end\n"
	    "if seal ~= ARGV[2] then return -1 end\n"
	    "redis.call('SET', KEYS[1], ARGV[3], 'PX', ARGV[4])\n"
	    "return 1\n",
	[SCRIPT_TOUCH] =
	    "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
	    "redis.call('SETRANGE', KEYS[1], 0, ARGV[1])\n"
	    "redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	    "return 1\n",
	[SCRIPT_REMOVE] = "if redis.call('DEL', unpack(KEYS)) == 0 then\n"
			  "  redis.call('SET', KEYS[1], '')\n"
			  "  redis.call('DEL', KEYS[1])\n"
			  "end\n"
			  "return 1\n",
	[SCRIPT_REMOVE_IF] =
	    "local seal = redis.call('GETRANGE', KEYS[1], -16, -1)\n"
	    "if seal ~= '' and seal ~= ARGV[1] then return -1 end\n"
	    "redis.call('DEL', unpack(KEYS))\n"
	    "return 1\n",
	[SCRIPT_KEEP] =
	    "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
	    "redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])\n"
	    "return 1\n",
	[SCRIPT_MARK] =
	    "if redis.call('GETRANGE', KEYS[1], 0, 31) ~= ARGV[1] then\n"
	    "  return 0\n"
	    "end\n"
	    "redis.call('SETRANGE', KEYS[1], 32, ARGV[2])\n"
	    "return 1\n",
	[SCRIPT_USES] = "local told = {}\n"
			"for i, key in ipairs(KEYS) do\n"
			"  told[i] = redis.call('GETRANGE', key, 0, 9)\n"
			"end\n"
			"return told\n",
	[SCRIPT_DATE] =
	    "local there = tonumber(redis.call('GET', KEYS[1])) or 0\n"
	    "local date, ends = ARGV[1], tonumber(ARGV[2])\n"
	    "if there > tonumber(date) then\n"
	    "  date = string.format('%.0f', there)\n"
	    "end\n"
	    "ends = math.max(ends, redis.call('PTTL', KEYS[1]))\n"
	    "redis.call('SET', KEYS[1], date, 'PX', ends)\n"
	    "return 1\n",
	[SCRIPT_COUNT] =
	    "local now = tonumber(redis.call('TIME')[1])\n"
	    "local limit, oldest = tonumber(ARGV[1]),\n"
	    "    math.floor(now / 3600) - 24\n"
	    "local all, has, sum = redis.call('HGETALL', KEYS[1]), {}, 0\n"
	    "for i = 1, #all, 2 do\n"
	    "  local hour, n = tonumber(all[i]), tonumber(all[i + 1]) or 0\n"
	    "  if hour and hour > oldest + 25 then\n"
	    "    redis.call('HINCRBY', KEYS[1], oldest + 24, n)\n"
	    "    redis.call('HDEL', KEYS[1], all[i])\n"
	    "    hour = oldest + 24\n"
	    "  elseif hour and hour < oldest then\n"
	    "    redis.call('HDEL', KEYS[1], all[i])\n"
	    "  end\n"
	    "  local name = hour or all[i]\n"
	    "  has[name] = (has[name] or 0) + n\n"
	    "  if hour and hour >= oldest then sum = sum + n end\n"
	    "end\n"
	    "local since, said = now - (has['since'] or now), has['r'] or 0\n"
	    "if limit < 0 or sum >= limit then\n"
	    "  local hour, left = oldest, sum - (has[oldest] or 0)\n"
	    "  while left >= limit and hour < oldest + 48 do\n"
	    "    hour = hour + 1\n"
	    "    left = left - (has[hour] or 0)\n"
	    "  end\n"
	    "  local room = limit < 0 and 0 or (hour + 25) * 3600 - now\n"
	    "  return {0, sum, room, since, said, has['at'] or 0}\n"
	    "end\n"
	    "redis.call('HINCRBY', KEYS[1], oldest + 24, 1)\n"
	    "redis.call('HSETNX', KEYS[1], 'since', now)\n"
	    "redis.call('EXPIRE', KEYS[1], 691200)\n"
	    "return {1, sum + 1, 0, since, said, has['at'] or 0}\n",
};

void
script_words(struct words *words, enum script script, int keys)
{
	words_add(words, STR("EVAL"));
	words_add(words, str_of(texts[script]));
	words_number(words, keys);
}
