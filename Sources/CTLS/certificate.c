#include "openssl.h"

#include <stdlib.h>

static int64_t seconds(const ASN1_STRING *time) {
    struct tm parts;
    return openssl.ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : 0;
}

static void fill_issuer(ctls_certificate *certificate, const X509_NAME *name) {
    int index = openssl.X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0) index = openssl.X509_NAME_entry_count(name) - 1;
    const X509_NAME_ENTRY *entry = index < 0 ? NULL : openssl.X509_NAME_get_entry(name, index);
    if (!entry) return;
    int count = openssl.ASN1_STRING_to_UTF8(&certificate->issuer, openssl.X509_NAME_ENTRY_get_data(entry));
    certificate->issuer_count = count < 0 ? 0 : (size_t)count;
}

static void fill_names(ctls_certificate *certificate, const X509 *x509) {
    OPENSSL_STACK *names = openssl.X509_get_ext_d2i(x509, NID_subject_alt_name, NULL, NULL);
    int count = names ? openssl.OPENSSL_sk_num(names) : 0;
    certificate->name_owner = names;
    if (count <= 0) return;
    certificate->names = calloc((size_t)count, sizeof *certificate->names);
    if (!certificate->names) abort();
    for (int index = 0; index < count; index++) {
        int type;
        const ASN1_STRING *value = openssl.GENERAL_NAME_get0_value(openssl.OPENSSL_sk_value(names, index), &type);
        if (!value || (type != GEN_DNS && type != GEN_IPADD)) continue;
        certificate->names[certificate->name_count++] = (ctls_name) {
            type == GEN_IPADD, openssl.ASN1_STRING_get0_data(value), (size_t)openssl.ASN1_STRING_length(value)};
    }
}

void ctls_certificate_fill(ctls_certificate *certificate, const X509 *x509) {
    *certificate = (ctls_certificate) {0};
    const X509_NAME *issuer = openssl.X509_get_issuer_name(x509);
    int count = openssl.i2d_X509(x509, &certificate->der);
    certificate->der_count = count < 0 ? 0 : (size_t)count;
    certificate->is_own_issuer = openssl.X509_NAME_cmp(issuer, openssl.X509_get_subject_name(x509)) == 0;
    certificate->not_before = seconds(openssl.X509_get0_notBefore(x509));
    certificate->not_after = seconds(openssl.X509_get0_notAfter(x509));
    fill_issuer(certificate, issuer);
    fill_names(certificate, x509);
    ctls_clear_errors();
}

void ctls_certificate_clear(ctls_certificate *certificate) {
    openssl.CRYPTO_free(certificate->der, __FILE__, __LINE__);
    openssl.CRYPTO_free(certificate->issuer, __FILE__, __LINE__);
    openssl.GENERAL_NAMES_free(certificate->name_owner);
    free(certificate->names);
}
