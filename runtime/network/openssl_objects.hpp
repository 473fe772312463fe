#pragma once

#include "runtime/base/error.hpp"

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

/// Owning pointers for OpenSSL's objects. For the .cpp files that speak to
/// OpenSSL; no header of ours shows its types otherwise.
namespace present::network {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using extension_ptr
  = std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>>;
using general_names_ptr
  = std::unique_ptr<GENERAL_NAMES, freed_by<GENERAL_NAMES_free>>;
using big_number_ptr = std::unique_ptr<BIGNUM, freed_by<BN_free>>;
using conf_ptr = std::unique_ptr<CONF, freed_by<NCONF_free>>;

/// A read-only view; `text` must outlive it.
inline bio_ptr reading(std::string_view text) {
  return bio_ptr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// `what`, and the first reason that OpenSSL gives; empties its queue.
inline error openssl_error(const std::string& what) {
  std::string message = what;
  if (const auto number = ERR_get_error(); number != 0) {
    char reason[256];
    ERR_error_string_n(number, reason, sizeof reason);
    message += ": ";
    message += reason;
  }
  ERR_clear_error();
  return make_error(error_code::invalid, std::move(message));
}

} // namespace present::network
