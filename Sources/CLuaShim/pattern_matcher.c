#include "pattern_matcher.h"

#include <ctype.h>
#include <lauxlib.h>
#include <string.h>

#include "watchdog.h"

/* A call that took this many steps looks at the time. */
#define COSTLY_STEPS 10000

/* Nested matches (captures, repetitions, optional items), as in the stock library: it bounds the C stack used. */
#define MAX_DEPTH 200

/* Steps that each byte of the subject adds to the budget, so that a long subject is no reason to fail. */
#define STEPS_PER_BYTE 16

/* Bytes of a pattern that an error message shows. */
#define SHOWN_PATTERN 40

/* A set examines its members one by one: this many members count as one step. */
#define SET_MEMBERS_PER_STEP 16

static const char *match_here(pattern_matcher *m, const char *s, const char *p);

void pattern_matcher_init(
    pattern_matcher *m, lua_State *L, const char *subject, size_t subject_length, const char *start,
    const char *pattern, size_t pattern_length, size_t steps) {
    size_t remaining = (size_t)(subject + subject_length - start);
    size_t share = remaining > (size_t)-1 / STEPS_PER_BYTE ? (size_t)-1 : remaining * STEPS_PER_BYTE;
    m->L = L;
    m->subject = subject;
    m->subject_end = subject + subject_length;
    m->pattern = pattern;
    m->pattern_end = pattern + pattern_length;
    m->budget = steps > (size_t)-1 - share ? (size_t)-1 : steps + share;
    m->steps_left = m->budget;
    m->depth = 0;
    m->leading_known = 0;
    m->leading_item = NULL;
    m->leading_end = NULL;
    m->capture_count = 0;
}

/* MARK: - The budget */

static void raise_budget_spent(pattern_matcher *m) {
    /* Each byte may need four characters; then "..." and the terminator. */
    char shown[SHOWN_PATTERN * 4 + 4];
    char *out = shown;
    const char *p = m->pattern;
    for (; p < m->pattern_end && p - m->pattern < SHOWN_PATTERN; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c < 0x7f) {
            *out++ = (char)c;
        } else {
            static const char digits[] = "0123456789abcdef";
            *out++ = '\\';
            *out++ = 'x';
            *out++ = digits[c >> 4];
            *out++ = digits[c & 15];
        }
    }
    if (p < m->pattern_end) {
        memcpy(out, "...", 3);
        out += 3;
    }
    *out = '\0';
    shim_watchdog_check(m->L);
    luaL_error(
        m->L,
        "pattern '%s' took more than %I steps on a subject of %I bytes; anchor it with '^', "
        "replace repetitions that overlap (such as '.*.*' or '%%w+%%w+') by narrower sets, or search shorter strings",
        shown, (LUAI_UACINT)m->budget, (LUAI_UACINT)(m->subject_end - m->subject));
}

static inline void spend(pattern_matcher *m, size_t steps) {
    if (m->steps_left < steps) {
        raise_budget_spent(m);
    }
    m->steps_left -= steps;
}

/* MARK: - Single characters */

/* The end of the single-character item (a literal, '.', a class or a set) that starts at `p`. */
static const char *item_end(pattern_matcher *m, const char *p) {
    char first = *p++;
    if (first == PATTERN_ESCAPE) {
        if (p == m->pattern_end) {
            luaL_error(m->L, "malformed pattern (ends with '%%')");
        }
        return p + 1;
    }
    if (first != '[') {
        return p;
    }
    if (p < m->pattern_end && *p == '^') {
        p++;
    }
    /* The first member is taken as it is: ']' there does not close the set. */
    for (int is_first = 1;; is_first = 0) {
        if (p >= m->pattern_end) {
            luaL_error(m->L, "malformed pattern (missing ']')");
        }
        if (*p == ']' && !is_first) {
            return p + 1;
        }
        p += *p == PATTERN_ESCAPE && p + 1 < m->pattern_end ? 2 : 1;
    }
}

static int class_contains(unsigned char letter, unsigned char c) {
    int found;
    switch (tolower(letter)) {
    case 'a': found = isalpha(c); break;
    case 'c': found = iscntrl(c); break;
    case 'd': found = isdigit(c); break;
    case 'g': found = isgraph(c); break;
    case 'l': found = islower(c); break;
    case 'p': found = ispunct(c); break;
    case 's': found = isspace(c); break;
    case 'u': found = isupper(c); break;
    case 'w': found = isalnum(c); break;
    case 'x': found = isxdigit(c); break;
    /* Not in the manual since 5.2, but the stock library still knows it. */
    case 'z': found = c == '\0'; break;
    default: return letter == c;
    }
    return isupper(letter) ? !found : found != 0;
}

/* Whether the set from '[' at `set` to the ']' before `end` contains `c`. */
static int set_contains(const char *set, const char *end, unsigned char c) {
    const char *close = end - 1;
    const char *p = set + 1;
    int when_found = 1;
    if (*p == '^') {
        when_found = 0;
        p++;
    }
    while (p < close) {
        unsigned char member = (unsigned char)*p;
        if (member == PATTERN_ESCAPE) {
            if (class_contains((unsigned char)p[1], c)) {
                return when_found;
            }
            p += 2;
        } else if (p + 2 < close && p[1] == '-') {
            if (member <= c && c <= (unsigned char)p[2]) {
                return when_found;
            }
            p += 3;
        } else {
            if (member == c) {
                return when_found;
            }
            p++;
        }
    }
    return !when_found;
}

/* Whether the item `p`..`end` matches the byte at `s`. Nothing matches at the subject's end. */
static inline int item_matches(const pattern_matcher *m, const char *s, const char *p, const char *end) {
    if (s >= m->subject_end) {
        return 0;
    }
    unsigned char c = (unsigned char)*s;
    switch (*p) {
    case '.': return 1;
    case PATTERN_ESCAPE: return class_contains((unsigned char)p[1], c);
    case '[': return set_contains(p, end, c);
    default: return (unsigned char)*p == c;
    }
}

/* Steps of one comparison with the item `p`..`end`. */
static inline size_t item_cost(const char *p, const char *end) {
    return 1 + (size_t)(end - p) / SET_MEMBERS_PER_STEP;
}

/* MARK: - Repetitions */

static const char *match_longest_first(
    pattern_matcher *m, const char *s, const char *item, const char *end, const char *rest) {
    ptrdiff_t count = 0;
    /* Paid for one by one: a long set over a long run costs the product of their lengths. */
    for (size_t cost = item_cost(item, end); item_matches(m, s + count, item, end); count++) {
        spend(m, cost);
    }
    for (; count >= 0; count--) {
        const char *result = match_here(m, s + count, rest);
        if (result != NULL) {
            return result;
        }
        spend(m, 1);
    }
    return NULL;
}

static const char *match_shortest_first(
    pattern_matcher *m, const char *s, const char *item, const char *end, const char *rest) {
    for (;;) {
        const char *result = match_here(m, s, rest);
        if (result != NULL) {
            return result;
        }
        spend(m, item_cost(item, end));
        if (!item_matches(m, s, item, end)) {
            return NULL;
        }
        s++;
    }
}

/* MARK: - Captures and the items that span several bytes */

static const char *open_capture(pattern_matcher *m, const char *s, const char *rest, ptrdiff_t length) {
    if (m->capture_count >= PATTERN_MAX_CAPTURES) {
        luaL_error(m->L, "too many captures");
    }
    m->captures[m->capture_count].start = s;
    m->captures[m->capture_count].length = length;
    m->capture_count++;
    const char *result = match_here(m, s, rest);
    if (result == NULL) {
        m->capture_count--;
    }
    return result;
}

static const char *close_capture(pattern_matcher *m, const char *s, const char *rest) {
    int index = m->capture_count - 1;
    while (index >= 0 && m->captures[index].length != PATTERN_CAPTURE_OPEN) {
        index--;
    }
    if (index < 0) {
        luaL_error(m->L, "invalid pattern capture");
    }
    m->captures[index].length = s - m->captures[index].start;
    const char *result = match_here(m, s, rest);
    if (result == NULL) {
        m->captures[index].length = PATTERN_CAPTURE_OPEN;
    }
    return result;
}

/* '%1' to '%9': the text of an earlier capture once more. */
static const char *match_back_reference(pattern_matcher *m, const char *s, char digit) {
    int index = digit - '1';
    if (index < 0 || index >= m->capture_count || m->captures[index].length == PATTERN_CAPTURE_OPEN) {
        luaL_error(m->L, "invalid capture index %%%d", index + 1);
    }
    /* A position capture has no text: as in the stock library it matches nowhere. */
    if (m->captures[index].length == PATTERN_CAPTURE_POSITION) {
        return NULL;
    }
    size_t length = (size_t)m->captures[index].length;
    if ((size_t)(m->subject_end - s) < length) {
        return NULL;
    }
    spend(m, length / SET_MEMBERS_PER_STEP);
    return memcmp(m->captures[index].start, s, length) == 0 ? s + length : NULL;
}

/* '%bxy': from an x to the y that balances it. `p` points after 'b'. */
static const char *match_balanced(pattern_matcher *m, const char *s, const char *p) {
    if (m->pattern_end - p < 2) {
        luaL_error(m->L, "malformed pattern (missing arguments to '%%b')");
    }
    char opening = p[0];
    char closing = p[1];
    if (s >= m->subject_end || *s != opening) {
        return NULL;
    }
    const char *at = s + 1;
    const char *result = NULL;
    for (size_t level = 1; at < m->subject_end; at++) {
        /* The closing byte is asked for first: '%b""' closes at the second quote. */
        if (*at == closing) {
            if (--level == 0) {
                result = at + 1;
                break;
            }
        } else if (*at == opening) {
            level++;
        }
    }
    spend(m, (size_t)(at - s));
    return result;
}

/* '%f[set]': the border between a byte outside of the set and one in it; both ends of the subject count as '\0'. */
static int is_frontier(const pattern_matcher *m, const char *s, const char *set, const char *set_end) {
    unsigned char before = s == m->subject ? 0 : (unsigned char)s[-1];
    unsigned char after = s == m->subject_end ? 0 : (unsigned char)*s;
    return !set_contains(set, set_end, before) && set_contains(set, set_end, after);
}

/* MARK: - Matching */

/* Matches one '%' item that is no single character. Sets `*handled` to 0 when it is one. Advances `*p`. */
static const char *match_special(pattern_matcher *m, const char *s, const char **p, int *handled) {
    const char *at = *p;
    *handled = 1;
    if (m->pattern_end - at < 2) {
        *handled = 0;
        return NULL;
    }
    char kind = at[1];
    if (kind == 'b') {
        *p = at + 4;
        return match_balanced(m, s, at + 2);
    }
    if (kind == 'f') {
        const char *set = at + 2;
        if (set >= m->pattern_end || *set != '[') {
            luaL_error(m->L, "missing '[' after '%%f' in pattern");
        }
        *p = item_end(m, set);
        spend(m, 2 * item_cost(set, *p));
        return is_frontier(m, s, set, *p) ? s : NULL;
    }
    if (kind >= '0' && kind <= '9') {
        *p = at + 2;
        return match_back_reference(m, s, kind);
    }
    *handled = 0;
    return NULL;
}

static const char *match_items(pattern_matcher *m, const char *s, const char *p) {
    while (p < m->pattern_end) {
        spend(m, 1);
        switch (*p) {
        case '(':
            if (p + 1 < m->pattern_end && p[1] == ')') {
                return open_capture(m, s, p + 2, PATTERN_CAPTURE_POSITION);
            }
            return open_capture(m, s, p + 1, PATTERN_CAPTURE_OPEN);
        case ')':
            return close_capture(m, s, p + 1);
        case '$':
            if (p + 1 == m->pattern_end) {
                return s == m->subject_end ? s : NULL;
            }
            break;
        case PATTERN_ESCAPE: {
            int handled;
            const char *next = match_special(m, s, &p, &handled);
            if (handled) {
                if (next == NULL) {
                    return NULL;
                }
                s = next;
                continue;
            }
            break;
        }
        default:
            break;
        }
        const char *end = item_end(m, p);
        spend(m, (size_t)(end - p) / SET_MEMBERS_PER_STEP);
        switch (end < m->pattern_end ? *end : '\0') {
        case '*':
            return match_longest_first(m, s, p, end, end + 1);
        case '+':
            return item_matches(m, s, p, end) ? match_longest_first(m, s + 1, p, end, end + 1) : NULL;
        case '-':
            return match_shortest_first(m, s, p, end, end + 1);
        case '?':
            if (item_matches(m, s, p, end)) {
                const char *result = match_here(m, s + 1, end + 1);
                if (result != NULL) {
                    return result;
                }
            }
            p = end + 1;
            break;
        default:
            if (!item_matches(m, s, p, end)) {
                return NULL;
            }
            s++;
            p = end;
            break;
        }
    }
    return s;
}

/* Matches the pattern from `p` at `s`, one level deeper. */
static const char *match_here(pattern_matcher *m, const char *s, const char *p) {
    if (m->depth >= MAX_DEPTH) {
        luaL_error(m->L, "pattern too complex");
    }
    m->depth++;
    const char *result = match_items(m, s, p);
    m->depth--;
    return result;
}

const char *pattern_matcher_match(pattern_matcher *m, const char *at) {
    m->depth = 0;
    m->capture_count = 0;
    /* A start is work of its own: an empty pattern has no item that would count. */
    spend(m, 1);
    return match_here(m, at, m->pattern);
}

/* Whether a '%1' to '%9' stands anywhere: then where a capture starts decides what matches. */
static int has_back_reference(const pattern_matcher *m) {
    for (const char *p = m->pattern; p + 1 < m->pattern_end; p++) {
        if (*p == PATTERN_ESCAPE) {
            p++;
            if (*p >= '0' && *p <= '9') {
                return 1;
            }
        }
    }
    return 0;
}

/* Finds the repetition that the pattern begins with, behind the captures that open there. */
static void find_leading_repetition(pattern_matcher *m) {
    m->leading_known = 1;
    const char *p = m->pattern;
    while (p < m->pattern_end && *p == '(') {
        p += p + 1 < m->pattern_end && p[1] == ')' ? 2 : 1;
    }
    if (p >= m->pattern_end || *p == ')' || has_back_reference(m)) {
        return;
    }
    if (*p == PATTERN_ESCAPE && p + 1 < m->pattern_end && (p[1] == 'b' || p[1] == 'f')) {
        return;
    }
    /* A match has been tried, so the first item is known to be well formed. */
    const char *end = item_end(m, p);
    if (end < m->pattern_end && (*end == '*' || *end == '+' || *end == '-')) {
        m->leading_item = p;
        m->leading_end = end;
    }
}

const char *pattern_matcher_next_start(pattern_matcher *m, const char *at) {
    if (!m->leading_known) {
        find_leading_repetition(m);
    }
    if (m->leading_item == NULL) {
        return at + 1;
    }
    const char *end = at;
    size_t cost = item_cost(m->leading_item, m->leading_end);
    for (; item_matches(m, end, m->leading_item, m->leading_end); end++) {
        spend(m, cost);
    }
    /* With the run used up the rest was tried at its end too, so that byte is no start either. */
    return end + 1;
}

void pattern_matcher_finish(const pattern_matcher *m) {
    if (m->budget - m->steps_left >= COSTLY_STEPS) {
        shim_watchdog_check(m->L);
    }
}

int pattern_is_literal(const char *pattern, size_t length) {
    for (size_t i = 0; i < length; i++) {
        if (pattern[i] != '\0' && strchr("^$*+?.([%-", pattern[i]) != NULL) {
            return 0;
        }
    }
    return 1;
}

/* MARK: - Captures as Lua values */

void pattern_matcher_push_capture(pattern_matcher *m, int index, const char *start, const char *end) {
    if (index >= m->capture_count) {
        if (index != 0) {
            luaL_error(m->L, "invalid capture index %%%d", index + 1);
        }
        lua_pushlstring(m->L, start, (size_t)(end - start));
        return;
    }
    const pattern_capture *capture = &m->captures[index];
    if (capture->length == PATTERN_CAPTURE_POSITION) {
        lua_pushinteger(m->L, (lua_Integer)(capture->start - m->subject) + 1);
    } else if (capture->length == PATTERN_CAPTURE_OPEN) {
        luaL_error(m->L, "unfinished capture");
    } else {
        lua_pushlstring(m->L, capture->start, (size_t)capture->length);
    }
}

int pattern_matcher_push_captures(pattern_matcher *m, const char *start, const char *end) {
    int count = m->capture_count == 0 && start != NULL ? 1 : m->capture_count;
    luaL_checkstack(m->L, count, "too many captures");
    for (int i = 0; i < count; i++) {
        pattern_matcher_push_capture(m, i, start, end);
    }
    return count;
}
