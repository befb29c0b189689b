/* Where in a value of JSON an error is: the path that a program would write to get there. */
#include "json.h"

#include "byte_methods.h"

#include <stdio.h>

#define MOST_NAME_BYTES 40
#define CUT "…"

static void add(json_path *path, const char *bytes, size_t length) {
    if (path->is_full) return;
    if (length > sizeof path->bytes - sizeof CUT - path->length) {
        path->is_full = true;
        bytes = CUT;
        length = sizeof CUT - 1;
    }
    memcpy(path->bytes + path->length, bytes, length);
    path->length += length;
}

void json_path_add_index(json_path *path, lua_Integer index) {
    char text[32];
    int length = snprintf(text, sizeof text, "[%lld]", (long long)index);
    add(path, text, length > 0 ? (size_t)length : 0);
}

static bool is_identifier(const char *name, size_t length) {
    if (length == 0 || length > MOST_NAME_BYTES || byte_is_digit(name[0])) return false;
    for (size_t i = 0; i < length; i++) {
        if (!byte_is_alpha(name[i]) && !byte_is_digit(name[i]) && name[i] != '_') return false;
    }
    return true;
}

void json_path_add_name(json_path *path, const char *name, size_t length) {
    if (is_identifier(name, length)) {
        if (path->length > 0) add(path, ".", 1);
        add(path, name, length);
        return;
    }
    add(path, "['", 2);
    size_t i = 0;
    while (i < length && i < MOST_NAME_BYTES) {
        bool is_character;
        size_t count = byte_character_length(name + i, name + length, &is_character);
        unsigned char byte = (unsigned char)name[i];
        if (byte == '\'' || byte == '\\') {
            char escaped[2] = {'\\', (char)byte};
            add(path, escaped, 2);
        } else if (!is_character || byte < 0x20 || byte == 0x7F) {
            char text[8];
            count = 1;
            add(path, text, (size_t)snprintf(text, sizeof text, "\\x%02x", byte));
        } else {
            add(path, name + i, count);
        }
        i += count;
    }
    if (i < length) add(path, CUT, sizeof CUT - 1);
    add(path, "']", 2);
}

const char *json_path_text(json_path *path) {
    path->bytes[path->length] = '\0';
    return path->bytes;
}
