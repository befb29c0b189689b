/*
 * Methods of bytes that fill in the fields of a text as Python's str.format does: formatted, format_map, and what `format`,
 * which is Lua's own, says to a text with such fields.
 */
#include <string.h>

#include "byte_formats.h"
#include "internal.h"

/* Fields and members between two looks at the time: a float may take many microseconds. */
#define FIELD_STEPS 64

/* A field may have fields in its format; those have none in theirs. */
#define MOST_FORMAT_LEVELS 2

/* How the fields of one text are counted. */
typedef enum field_numbering { NOT_NUMBERED, NUMBERED_BY_PLACE, NUMBERED_BY_HAND } field_numbering;

/* One call. */
typedef struct formatter {
    lua_State *L;
    const char *method;
    const char *text;  /* the text of the call, for positions in messages */
    int count;         /* arguments by position, from stack index 2 on; -1: there are none, as in format_map */
    int names;         /* the stack index of the table that gives values by name; 0: there is none */
    field_numbering numbering;
    lua_Integer next;  /* the number of the next field that has none */
    size_t steps;
} formatter;

/* A field between its braces: {path!conversion:format}. */
typedef struct format_field {
    byte_slice path;
    char conversion;  /* 0: none */
    byte_slice format;
    bool is_nested;   /* the format has fields of its own */
} format_field;

static void look_at_time(formatter *f) {
    if (++f->steps % FIELD_STEPS == 0) {
        shim_watchdog_check(f->L);
    }
}

/* Raises a ValueError that says where in the text of the call its cause stands. */
static void raise_at(formatter *f, const char *at, const char *problem) {
    shim_raise_fault(
        f->L, "ValueError", "%s: %s, at position %I", f->method, problem, (LUAI_UACINT)(at - f->text + 1));
}

/* Pushes "the field '{path}'", for messages. */
static const char *push_field_name(formatter *f, byte_slice path) {
    size_t length = path.length < 60 ? path.length : 60;
    lua_pushlstring(f->L, path.bytes, length);
    return lua_pushfstring(f->L, "the field '{%s%s}'", lua_tostring(f->L, -1), length < path.length ? "..." : "");
}

static int raise_of_field(formatter *f, byte_slice path, const char *kind, const char *problem) {
    return shim_raise_fault(f->L, kind, "%s: %s %s", f->method, push_field_name(f, path), problem);
}

/* MARK: - Reading fields */

/* Reads the field behind the '{' at `open`; gives the place behind its '}'. */
static const char *read_field(formatter *f, const char *open, const char *end, format_field *field) {
    const char *at = open + 1;
    *field = (format_field){{at, 0}, '\0', {"", 0}, false};
    while (at < end && *at != '}' && *at != ':' && *at != '!') {
        if (*at == '{') {
            raise_at(f, at, "a '{' stands in the name of a field");
        }
        if (*at == '[') {
            const char *close = memchr(at, ']', (size_t)(end - at));
            at = close == NULL ? end : close;
            continue;
        }
        at++;
    }
    if (at == end) {
        raise_at(f, open, "a field has no '}'; write '{{' for the character");
    }
    field->path = byte_between(open + 1, at);
    if (*at == '}') {
        return at + 1;
    }
    if (*at == '!') {
        if (end - at < 3) {
            raise_at(f, at, "a conversion and a '}' are missing behind '!'");
        }
        field->conversion = at[1];
        at += 2;
        if (*at == '}') {
            return at + 1;
        }
        if (*at != ':') {
            raise_at(f, at, "a ':' or a '}' is missing behind a conversion of one character");
        }
    }
    const char *begin = ++at;
    for (size_t depth = 1; at < end; at++) {
        if (*at == '{') {
            field->is_nested = true;
            depth++;
        } else if (*at == '}' && --depth == 0) {
            field->format = byte_between(begin, at);
            return at + 1;
        }
    }
    raise_at(f, open, "a field has no '}'; write '{{' for the character");
    return end;
}

/* The number that all of `text` is, or -1. */
static lua_Integer read_number(formatter *f, byte_slice text) {
    lua_Integer value = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (!byte_is_digit(text.bytes[i])) {
            return -1;
        }
        int digit = text.bytes[i] - '0';
        if (value > (LUA_MAXINTEGER - digit) / 10) {
            raise_at(f, text.bytes, "a number has too many digits");
        }
        value = value * 10 + digit;
    }
    return text.length == 0 ? -1 : value;
}

/* MARK: - Values of fields */

/* The number of a field that has one, or none and is counted; -1: it has a name. */
static lua_Integer number_of(formatter *f, byte_slice path, byte_slice name) {
    lua_Integer number = read_number(f, name);
    if (number < 0 && name.length > 0) {
        return -1;
    }
    field_numbering wanted = name.length == 0 ? NUMBERED_BY_PLACE : NUMBERED_BY_HAND;
    if (f->numbering == NOT_NUMBERED) {
        f->numbering = wanted;
    }
    if (f->numbering != wanted) {
        raise_of_field(
            f, path, "ValueError",
            name.length == 0 ? "has no number, and one before it has: number all of them, or none"
                             : "has a number, and one before it has none: number all of them, or none");
    }
    return number < 0 ? f->next++ : number;
}

/* Pushes the value of the first part of a field's path. */
static void push_argument(formatter *f, byte_slice path, byte_slice name) {
    lua_State *L = f->L;
    lua_Integer number = number_of(f, path, name);
    if (number < 0) {
        if (f->names == 0) {
            raise_of_field(f, path, "KeyError", "has a name, and no table of named values is the last argument");
        }
        lua_pushlstring(L, name.bytes, name.length);
        if (lua_gettable(L, f->names) == LUA_TNIL) {
            raise_of_field(f, path, "KeyError", "has no value: the table of named values has no such key");
        }
        return;
    }
    if (f->count < 0) {
        raise_of_field(f, path, "ValueError", "has no name, and the mapping has nothing else");
    }
    if (number >= f->count) {
        shim_raise_fault(
            L, "IndexError", "%s: %s is for argument %I, counted from 0, and there %s %d", f->method,
            push_field_name(f, path), (LUAI_UACINT)number, f->count == 1 ? "is" : "are", f->count);
    }
    lua_pushvalue(L, 2 + (int)number);
}

/* Replaces the value on top by its member, of which `[key]` or `.name` is at `at`; gives the place behind. */
static const char *take_member(formatter *f, byte_slice path, const char *at) {
    lua_State *L = f->L;
    const char *end = path.bytes + path.length;
    bool is_item = *at == '[';
    const char *begin = at + 1, *stop = begin;
    while (stop < end && (is_item ? *stop != ']' : *stop != '.' && *stop != '[')) {
        stop++;
    }
    if (is_item && stop == end) {
        raise_of_field(f, path, "ValueError", "has no ']' behind its '['");
    }
    if (begin == stop) {
        raise_of_field(f, path, "ValueError", "has a member without a name");
    }
    if (!lua_istable(L, -1) && !lua_isuserdata(L, -1)) {
        const char *problem = lua_pushfstring(L, "asks for a member of a value of type %s", luaL_typename(L, -1));
        raise_of_field(f, path, is_item ? "TypeError" : "AttributeError", problem);
    }
    byte_slice name = byte_between(begin, stop);
    lua_Integer number = is_item ? read_number(f, name) : -1;
    if (number >= 0) {
        lua_pushinteger(L, number);
    } else {
        lua_pushlstring(L, name.bytes, name.length);
    }
    if (lua_gettable(L, -2) == LUA_TNIL) {
        raise_of_field(
            f, path, !is_item ? "AttributeError" : number >= 0 ? "IndexError" : "KeyError", "has no value");
    }
    lua_replace(L, -2);
    look_at_time(f);
    return is_item ? stop + 1 : stop;
}

/* Pushes the value of a field. */
static void push_value(formatter *f, byte_slice path) {
    const char *end = path.bytes + path.length, *at = path.bytes;
    while (at < end && *at != '[' && *at != '.') {
        at++;
    }
    push_argument(f, path, byte_between(path.bytes, at));
    while (at < end) {
        if (*at != '[' && *at != '.') {
            raise_of_field(f, path, "ValueError", "has neither '.' nor '[' behind a ']'");
        }
        at = take_member(f, path, at);
    }
}

/* MARK: - Texts of values */

/* Replaces the value on top by what Python's str makes of it. */
static void make_text(formatter *f) {
    lua_State *L = f->L;
    static const byte_format plain_integer = {' ', '>', '\0', '\0', 'd', false, false, -1, -1};
    static const byte_format plain_float = {' ', '>', '\0', '\0', '\0', false, false, -1, -1};
    switch (lua_type(L, -1)) {
    case LUA_TSTRING: return;
    case LUA_TNIL: lua_pushliteral(L, "None"); break;
    case LUA_TBOOLEAN: lua_pushstring(L, lua_toboolean(L, -1) ? "True" : "False"); break;
    case LUA_TNUMBER:
        if (lua_isinteger(L, -1)) {
            byte_push_formatted_integer(L, f->method, &plain_integer, lua_tointeger(L, -1));
        } else {
            byte_push_formatted_float(L, f->method, &plain_float, lua_tonumber(L, -1));
        }
        break;
    default: luaL_tolstring(L, -1, NULL);
    }
    lua_replace(L, -2);
}

static const char *escape_of(char c, char quote) {
    switch (c) {
    case '\'': return quote == '\'' ? "\\'" : NULL; /* the other quote stands only around a text without it */
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

/* Replaces the string on top by itself in quotes, with escapes for what is no printable ASCII. */
static void quote_text(formatter *f) {
    lua_State *L = f->L;
    byte_slice s = byte_check_slice(L, -1);
    bool has_double = memchr(s.bytes, '"', s.length) != NULL;
    char quote = memchr(s.bytes, '\'', s.length) != NULL && !has_double ? '"' : '\'';
    size_t total = 2;
    for (size_t i = 0; i < s.length; i++) {
        char c = s.bytes[i];
        total += escape_of(c, quote) != NULL ? 2 : c >= ' ' && c <= '~' ? 1 : 4;
    }
    guarded_string_check_size(L, f->method, total);
    luaL_Buffer b;
    char *out = luaL_buffinitsize(L, &b, total);
    *out++ = quote;
    for (size_t i = 0; i < s.length; i++) {
        static const char digits[] = "0123456789abcdef";
        char c = s.bytes[i];
        const char *escape = escape_of(c, quote);
        if (escape != NULL) {
            *out++ = escape[0];
            *out++ = escape[1];
        } else if (c >= ' ' && c <= '~') {
            *out++ = c;
        } else {
            *out++ = '\\';
            *out++ = 'x';
            *out++ = digits[(unsigned char)c >> 4];
            *out++ = digits[(unsigned char)c & 15];
        }
    }
    *out = quote;
    luaL_pushresultsize(&b, total);
    lua_replace(L, -2);
}

/* Replaces the value on top by what !s, !r or !a make of it. */
static void convert(formatter *f, const format_field *field) {
    if (field->conversion != 's' && field->conversion != 'r' && field->conversion != 'a') {
        raise_at(f, field->path.bytes + field->path.length, "a conversion is none of !s, !r and !a");
    }
    bool is_text = lua_type(f->L, -1) == LUA_TSTRING;
    make_text(f);
    if (is_text && field->conversion != 's') {
        quote_text(f);
    }
}

/* Replaces the value on top by its text in the format. */
static void apply_format(formatter *f, byte_slice path, byte_slice text) {
    lua_State *L = f->L;
    int type = lua_type(L, -1);
    if (text.length == 0) {
        make_text(f);
        return;
    }
    if (type == LUA_TSTRING) {
        byte_format format = byte_read_format(L, f->method, text, "a string", 's', '<');
        size_t length;
        const char *bytes = lua_tolstring(L, -1, &length);
        byte_push_formatted_text(L, f->method, &format, (byte_slice){bytes, length});
    } else if (type == LUA_TNUMBER && !lua_isinteger(L, -1)) {
        byte_format format = byte_read_format(L, f->method, text, "a float", '\0', '>');
        byte_push_formatted_float(L, f->method, &format, lua_tonumber(L, -1));
    } else if (type == LUA_TNUMBER || type == LUA_TBOOLEAN) {
        byte_format format = byte_read_format(L, f->method, text, "an integer", 'd', '>');
        lua_Integer value = type == LUA_TBOOLEAN ? lua_toboolean(L, -1) : lua_tointeger(L, -1);
        byte_push_formatted_integer(L, f->method, &format, value);
    } else {
        const char *problem = lua_pushfstring(
            L, "has a format, and its value is of type %s; '!s' makes a string of it first", luaL_typename(L, -1));
        raise_of_field(f, path, "TypeError", problem);
    }
    lua_replace(L, -2);
}

/* MARK: - Filling in */

static void push_filled(formatter *f, byte_slice text, int levels);

/* Pushes the text of a field. */
static void push_field(formatter *f, const format_field *field, int levels) {
    push_value(f, field->path);
    if (field->conversion != '\0') {
        convert(f, field);
    }
    if (!field->is_nested) {
        apply_format(f, field->path, field->format);
        return;
    }
    if (levels == 1) {
        raise_at(f, field->format.bytes, "a field stands in the format of a field in the format of a field");
    }
    push_filled(f, field->format, levels - 1);
    lua_insert(f->L, -2);
    size_t length;
    const char *format = lua_tolstring(f->L, -2, &length);
    apply_format(f, field->path, (byte_slice){format, length});
    lua_remove(f->L, -2);
}

/* Pushes the text with its fields filled in. */
static void push_filled(formatter *f, byte_slice text, int levels) {
    luaL_checkstack(f->L, 16, "too many arguments");
    const char *at = text.bytes, *end = text.bytes + text.length;
    size_t total = 0;
    luaL_Buffer b;
    luaL_buffinit(f->L, &b);
    while (at < end) {
        const char *brace = at;
        while (brace < end && *brace != '{' && *brace != '}') {
            brace++;
        }
        bool is_doubled = end - brace >= 2 && brace[0] == brace[1];
        size_t literal = (size_t)(brace - at) + is_doubled;
        total = guarded_string_sum(total, literal);
        guarded_string_check_size(f->L, f->method, total);
        luaL_addlstring(&b, at, literal);
        at = brace + (is_doubled ? 2 : 0);
        if (is_doubled || at == end) {
            continue;
        }
        if (*brace == '}') {
            raise_at(f, brace, "a '}' ends no field; write '}}' for the character");
        }
        format_field field;
        at = read_field(f, brace, end, &field);
        push_field(f, &field, levels);
        total = guarded_string_sum(total, lua_rawlen(f->L, -1));
        guarded_string_check_size(f->L, f->method, total);
        luaL_addvalue(&b);
        look_at_time(f);
    }
    luaL_pushresult(&b);
}

/* s:formatted(...): each field filled in with an argument; a table as the last one also gives values by name. */
static int bytes_formatted(lua_State *L) {
    byte_slice s = byte_check_slice(L, 1);
    int count = lua_gettop(L) - 1;
    int names = count > 0 && lua_istable(L, -1) ? lua_gettop(L) : 0;
    formatter f = {L, "formatted", s.bytes, count, names, NOT_NUMBERED, 0, 0};
    push_filled(&f, s, MOST_FORMAT_LEVELS);
    return 1;
}

/* s:format_map(mapping): each field filled in with the value that the mapping has for its name. */
static int bytes_format_map(lua_State *L) {
    static const byte_declaration declaration = {"format_map", {"mapping", NULL}, 1};
    byte_slice s = byte_take(L, &declaration);
    luaL_checktype(L, 2, LUA_TTABLE);
    formatter f = {L, "format_map", s.bytes, -1, 2, NOT_NUMBERED, 0, 0};
    push_filled(&f, s, MOST_FORMAT_LEVELS);
    return 1;
}

bool byte_has_field(byte_slice text) {
    const char *end = text.bytes + text.length;
    for (const char *at = text.bytes; (at = memchr(at, '{', (size_t)(end - at))) != NULL;) {
        for (at++; at < end; at++) {
            if (*at == '}' || *at == ':' || *at == '!') {
                return true;
            }
            if (!byte_is_alpha(*at) && !byte_is_digit(*at) && *at != '_' && *at != '.' && *at != '[' && *at != ']') {
                break;
            }
        }
    }
    return false;
}

const luaL_Reg byte_formatting_methods[] = {
    {"formatted", bytes_formatted},
    {"format_map", bytes_format_map},
    {NULL, NULL},
};
