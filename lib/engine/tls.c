/* SPDX-License-Identifier: ISC */
/* Hides OpenSSL's ways to say what is right and what has gone wrong. */
#include "config.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>

#include "engine/tls.h"
#include "base/log.h"

/* The system's authorities are in a file, or in a directory in which they are
 * looked for when they are needed; where these lie OpenSSL would let the
 * environment decide. */
static bool
believe_system(SSL_CTX *tls)
{
	(void)!SSL_CTX_load_verify_file(tls, X509_get_default_cert_file());
	ERR_clear_error();
	return SSL_CTX_load_verify_dir(tls, X509_get_default_cert_dir()) == 1;
}

/* The file of which OpenSSL complains; NULL: all are good. */
static const char *
read_files(SSL_CTX *tls, const struct tls_files *files)
{
	if (files->ca == NULL) {
		if (!believe_system(tls))
			return "system's CA certificates";
	} else if (SSL_CTX_load_verify_file(tls, files->ca) != 1) {
		return files->ca;
	}
	if (files->cert == NULL)
		return NULL;
	if (SSL_CTX_use_certificate_chain_file(tls, files->cert) != 1)
		return files->cert;
	if (SSL_CTX_use_PrivateKey_file(tls, files->key, SSL_FILETYPE_PEM) != 1)
		return files->key;
	return NULL;
}

enum result
tls_open(const struct tls_files *files, SSL_CTX **tls)
{
	SSL_CTX *new = SSL_CTX_new(TLS_client_method());
	const char *wrong = "TLS";
	const char *why;

	*tls = NULL;
	ERR_clear_error();
	if (new != NULL && SSL_CTX_set_min_proto_version(new, TLS1_2_VERSION))
		wrong = read_files(new, files);
	if (wrong != NULL) {
		why = ERR_reason_error_string(ERR_peek_last_error());
		log_event(LOG_LEVEL_ERROR, "engine_misconfigured",
		    "file=\"%s\" cause=\"%s\"", wrong,
		    why == NULL ? "unknown" : why);
		ERR_clear_error();
		SSL_CTX_free(new);
		return RESULT_MISCONFIGURED;
	}
	SSL_CTX_set_verify(new, SSL_VERIFY_PEER, NULL);
	SSL_CTX_set_mode(new,
	    SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_options(new,
	    SSL_OP_CLEANSE_PLAINTEXT | SSL_OP_NO_RENEGOTIATION);
	*tls = new;
	return OK;
}

enum result
tls_start(SSL_CTX *tls, int fd, const char *host, SSL **ssl)
{
	SSL *new = SSL_new(tls);
	unsigned char address[sizeof(struct in6_addr)];
	char name[256]; /* OpenSSL's macro wants one that is not constant */
	bool good = new != NULL &&SSL_set_fd(new, fd) == 1;

	if (good &&
	    (inet_pton(AF_INET, host, address) == 1 ||
		inet_pton(AF_INET6, host, address) == 1))
		good = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(new),
			   host) == 1;
	else if (good)
		good = snprintf(name, sizeof(name), "%s", host) <
			(int)sizeof(name) &&
		    SSL_set1_host(new, host) == 1 &&
		    SSL_set_tlsext_host_name(new, name) == 1;
	if (!good) {
		SSL_free(new);
		new = NULL;
		ERR_clear_error();
	} else {
		SSL_set_connect_state(new);
	}
	*ssl = new;
	return good ? OK : RESULT_NO_MEMORY;
}

const char *
tls_trouble(const SSL *ssl)
{
	switch (SSL_get_verify_result(ssl)) {
	case X509_V_OK: break;
	case X509_V_ERR_HOSTNAME_MISMATCH:
	case X509_V_ERR_IP_ADDRESS_MISMATCH:
		return "its certificate does not name the host in store";
	case X509_V_ERR_CERT_HAS_EXPIRED: return "its certificate has expired";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "its certificate is not valid yet; compare the clocks";
	default: return "its certificate is not of store_ca_file's authority";
	}
	switch (ERR_GET_REASON(ERR_peek_last_error())) {
	case SSL_R_WRONG_VERSION_NUMBER:
		return "it does not speak TLS; without it the scheme is "
		       "valkey, not valkeys";
	case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
	case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
	case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
	case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
	case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
		return "it does not take our certificate; see store_cert_file";
	default: return "TLS has failed";
	}
}
