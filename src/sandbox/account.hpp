#pragma once
/// @file Who may register at the sandbox carrier, and which phones the sandbox plays. Values given at start.

#include <optional>
#include <string>
#include <vector>

#include "base/endpoint.hpp"

namespace dp::sandbox {

/// One customer of the carrier. Passwords are the sandbox's own test credentials, not secrets of a real carrier.
struct Account {
    std::string username;
    std::string password;
};

/// A phone the sandbox plays: it registers at somebody's registrar and answers what rings.
struct PhoneAccount {
    std::string station;   ///< the caller's name for it, see Sandbox::set_phone_active
    std::string username;  ///< user part of the address of record
    std::string domain;
    std::string auth_username;
    std::string password;
    Endpoint registrar;  ///< over UDP
};

struct SandboxOptions {
    Endpoint sip;                  ///< where the carrier listens, UDP; port 0: the kernel chooses
    std::optional<Endpoint> http;  ///< where it takes orders for numbers; absent: a free port beside `sip`
    std::string realm = "sandbox.dialplane.test";
    std::vector<Account> accounts;
    std::vector<PhoneAccount> phones;
};

}  // namespace dp::sandbox
