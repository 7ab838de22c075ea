/* SPDX-License-Identifier: ISC */
#include "config.h"

#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <string.h>

#include "../run.h"
#include "engine/tls.h"

/* What OpenSSL says, and what the operator reads. */
static const struct row {
	long verified;
	int reason;
	const char *said;
} rows[] = {
	{ X509_V_ERR_HOSTNAME_MISMATCH, 0, "does not name the host" },
	{ X509_V_ERR_IP_ADDRESS_MISMATCH, 0, "does not name the host" },
	{ X509_V_ERR_CERT_HAS_EXPIRED, 0, "has expired" },
	{ X509_V_ERR_CERT_NOT_YET_VALID, 0, "not valid yet" },
	{ X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, 0, "store_ca_file" },
	{ X509_V_OK, SSL_R_WRONG_VERSION_NUMBER, "does not speak TLS" },
	{ X509_V_OK, SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED,
	    "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE, "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_BAD_CERTIFICATE, "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED, "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED, "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN, "store_cert_file" },
	{ X509_V_OK, SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE,
	    "store_cert_file" },
	{ X509_V_OK, SSL_R_TLSV1_ALERT_UNKNOWN_CA, "store_cert_file" },
	{ X509_V_OK, SSL_R_TLSV1_ALERT_ACCESS_DENIED, "store_cert_file" },
	{ X509_V_OK, SSL_R_TLSV1_ALERT_INTERNAL_ERROR, "TLS has failed" },
};

static void
what_has_failed_is_said_with_what_to_look_at(void)
{
	const struct tls_files files = { .ca = NULL };
	const struct row *row;
	SSL_CTX *tls;
	SSL *ssl;

	assert_int_equal(tls_open(&files, &tls), OK);
	assert_int_equal(tls_start(tls, 0, "db.example", &ssl), OK);
	for (row = rows; row < rows + N(rows); row++) {
		SSL_set_verify_result(ssl, row->verified);
		ERR_clear_error();
		if (row->reason != 0)
			ERR_raise(ERR_LIB_SSL, row->reason);
		if (strstr(tls_trouble(ssl), row->said) == NULL)
			assert_string_equal(tls_trouble(ssl), row->said);
	}
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(tls);
}

static void
a_file_that_is_not_there_is_named(void)
{
	const struct tls_files files = { .ca = "/nowhere/ca.pem" };
	SSL_CTX *tls;

	assert_int_equal(tls_open(&files, &tls), RESULT_MISCONFIGURED);
	assert_null(tls);
	assert_non_null(strstr(run_said(),
	    "event=engine_misconfigured file=\"/nowhere/ca.pem\""));
}

static void
a_name_that_no_host_can_have_is_not_sent(void)
{
	const struct tls_files files = { .ca = NULL };
	char host[300];
	SSL_CTX *tls;
	SSL *ssl;

	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	assert_int_equal(tls_open(&files, &tls), OK);
	assert_int_equal(tls_start(tls, 0, host, &ssl), RESULT_NO_MEMORY);
	assert_null(ssl);
	assert_int_equal(ERR_peek_error(), 0);
	SSL_CTX_free(tls);
}

UNIT_TESTS(tls) = {
	TEST(what_has_failed_is_said_with_what_to_look_at),
	TEST(a_file_that_is_not_there_is_named),
	TEST(a_name_that_no_host_can_have_is_not_sent),
	END_OF_TESTS,
};
