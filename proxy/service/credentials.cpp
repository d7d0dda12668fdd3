#include "proxy/service/credentials.hpp"

#include "base/log.hpp"
#include "proxy/http/field_list.hpp"
#include "proxy/service/keyed_hash.hpp"

#include <boost/algorithm/string/predicate.hpp>
#include <boost/json.hpp>

namespace nomadic::proxy {

namespace {

// Verified keys remembered in memory, and as many refused ones; beyond it the map starts anew and the store or the
// upstream answers. Large enough that no workstation's users reach it, small enough that a client inventing keys can't
// make the daemon grow.
constexpr std::size_t most_keys_remembered = 4096;

Failure unauthorized(std::string detail)
{
    return {.code = Errc::unauthorized, .detail = std::move(detail), .members = {}};
}

std::string_view text_of(const boost::json::object& object, std::string_view name)
{
    const auto* value = object.if_contains(name);
    if (value == nullptr || !value->is_string())
        return {};
    return value->get_string();
}

} // namespace

Result<Credential> key_of(const Fields& fields)
{
    // Who comes between would take a key away that Connection names, and the next would see another request than we.
    const auto hop = fields.joined("Connection");
    if (has_element(hop, "X-API-Key") || has_element(hop, "Authorization"))
        return unauthorized(
            "Connection names the field of the key, which is then not for us. Send the key for everybody "
            "on the way, in X-API-Key or Authorization.");
    std::string_view key;
    for (const auto& field : fields) {
        std::string_view candidate;
        if (boost::algorithm::iequals(field.name, "X-API-Key"))
            candidate = trim(field.value);
        else if (boost::algorithm::iequals(field.name, "Authorization") &&
                 boost::algorithm::istarts_with(field.value, "Bearer "))
            candidate = trim(std::string_view(field.value).substr(7));
        if (candidate.empty())
            continue;
        if (!key.empty() && key != candidate)
            return unauthorized("The request carries two different keys. Send the same key in X-API-Key and "
                                "Authorization, or only one of them.");
        key = candidate;
    }
    if (key.empty())
        return Credential{};
    return std::make_shared<const Secret>(std::string(key));
}

cache::Scope daemon_scope(std::string_view base_url, std::string_view install_secret, const Secret& key)
{
    return cache::make_scope(base_url, "daemon", batch::to_hex(keyed_hash(install_secret, key)));
}

Credentials::Credentials(Parameters parameters, cache::AsyncStore& store, Upstream* upstream, const Clock& clock,
                         const asio::any_io_executor& executor)
    : parameters_(std::move(parameters)), store_(store), upstream_(upstream), clock_(clock), verifications_(executor)
{}

awaitable<Result<Identity>> Credentials::identify(const Request& request)
{
    if (parameters_.open_scope)
        co_return Identity{.scopes = {*parameters_.open_scope}, .credential = {}, .label = "bundle"};
    if (parameters_.daemon_key)
        co_return co_await daemon_identity();

    auto key = key_of(request.fields);
    if (!key)
        co_return key.error();
    if (!*key)
        co_return co_await anonymous_identity();

    const auto hash = keyed_hash(parameters_.install_secret, **key);
    auto who = co_await verified(hash, *key, request.request_id);
    if (!who) {
        // Offline, a key never seen here says no more than no key at all.
        if (parameters_.reach == Reach::offline)
            co_return co_await anonymous_identity();
        co_return who.error();
    }
    const bool stands = parameters_.reach == Reach::offline;
    co_return Identity{.scopes = {who->scope},
                       .credential = *key,
                       .label = who->label,
                       .until = stands ? TimePoint::max() : who->verified_at + parameters_.auth.verify_ttl};
}

awaitable<Result<Identity>> Credentials::daemon_identity()
{
    if (daemon_scopes_.empty()) {
        const auto hash = keyed_hash(parameters_.install_secret, *parameters_.daemon_key);
        std::vector<cache::Scope> scopes{
            daemon_scope(parameters_.base_url, parameters_.install_secret, *parameters_.daemon_key)};
        if (parameters_.reach == Reach::offline) {
            // In the field nobody says again which upstream it was: what this key fetched is this key's to read.
            const auto recalled = co_await recall(hash);
            if (recalled && recalled->scope != scopes.front())
                scopes.push_back(recalled->scope);
        } else {
            cache::Principal principal{
                .scope = scopes.front(), .kind = "daemon", .verified_at = clock_.now(), .label = "daemon"};
            co_await remember(hash, std::move(principal));
        }
        daemon_scopes_ = std::move(scopes);
    }
    co_return Identity{.scopes = daemon_scopes_, .credential = parameters_.daemon_key, .label = "daemon"};
}

// No key anywhere. Online that is a refusal. Offline the daemon's own batches are open to whoever may reach the daemon,
// as they were when they were fetched; the clients' batches are not.
awaitable<Result<Identity>> Credentials::anonymous_identity()
{
    if (parameters_.reach == Reach::online)
        co_return unauthorized(
            "This request has no API key and the daemon has none of its own. Send yours as X-API-Key, "
            "or start the daemon with NOMADICAI_API_KEY set or auth.api_key_file configured.");
    Identity identity{.scopes = {}, .credential = {}, .label = "offline"};
    auto list_principals = [](cache::Store& store) { return store.principals(); };
    auto principals = co_await store_.read(list_principals);
    if (!principals)
        co_return principals.error();
    for (const auto& principal : *principals)
        if (principal.kind == "daemon")
            identity.scopes.push_back(principal.scope);
    if (identity.scopes.empty() && !principals->empty())
        co_return unauthorized("Everything stored here was fetched with the keys of the daemon's clients. Send the key "
                               "that you used online as X-API-Key.");
    co_return identity;
}

awaitable<Result<Credentials::Verified>> Credentials::verified(batch::Digest hash, Credential key,
                                                               std::string request_id)
{
    const auto young = [this](TimePoint verified_at, std::chrono::seconds limit) {
        return clock_.now() - verified_at < limit;
    };
    // Verified in the future: the clock has been set back since, and a key that is revoked would be believed until
    // then.
    const auto believed = [&](TimePoint verified_at) {
        return verified_at <= clock_.now() && young(verified_at, parameters_.auth.verify_ttl);
    };
    if (auto found = verified_.find(hash); found != verified_.end())
        if (parameters_.reach == Reach::offline || believed(found->second.verified_at))
            co_return found->second;

    auto recalled = co_await recall(hash);
    if (recalled && parameters_.reach == Reach::online && !still_stands(*recalled, hash))
        recalled.reset();
    if (recalled && (parameters_.reach == Reach::offline || believed(recalled->verified_at)))
        co_return Verified{recalled->scope, recalled->verified_at, recalled->label};
    if (parameters_.reach == Reach::offline)
        co_return unauthorized("This key was never verified here while the daemon was online.");

    if (auto found = refused_.find(hash); found != refused_.end() && clock_.now() < found->second.until)
        co_return found->second.why;
    auto work = [this, hash, key, request_id](auto) { return verify_upstream(hash, key, request_id); };
    auto [flight, role] = verifications_.join(hash, work);
    auto outcome = co_await flight->wait();
    if (outcome || outcome.error().code == Errc::unauthorized || outcome.error().code == Errc::cancelled)
        co_return outcome;
    if (recalled && young(recalled->verified_at, parameters_.auth.offline_grace))
        co_return Verified{recalled->scope, recalled->verified_at, recalled->label};
    co_return outcome;
}

awaitable<Result<Credentials::Verified>> Credentials::verify_upstream(batch::Digest hash, Credential key,
                                                                      std::string request_id)
{
    SmallRequest request{.method = "POST", .target = "/api/keys/verify", .fields = {}, .body = "{}"};
    request.fields.add("Content-Type", "application/json");
    auto exchange = co_await upstream_->send(std::move(request), Asker{key, std::move(request_id)});
    if (!exchange)
        co_return exchange.error();
    auto who = verdict(hash, *exchange);
    if (!who) {
        if (who.error().code == Errc::unauthorized) {
            verified_.erase(hash);
            if (refused_.size() >= most_keys_remembered)
                refused_.clear();
            refused_.insert_or_assign(hash, Refused{clock_.now() + parameters_.auth.refusal_ttl, who.error()});
            auto forget_key = [hash](cache::Store& store) { return store.forget(hash); };
            co_await store_.write(forget_key);
        }
        co_return who;
    }
    refused_.erase(hash);
    if (verified_.size() >= most_keys_remembered)
        verified_.clear();
    verified_[hash] = *who;
    cache::Principal principal{
        .scope = who->scope, .kind = "client", .verified_at = who->verified_at, .label = who->label};
    co_await remember(hash, std::move(principal));
    co_return who;
}

Result<Credentials::Verified> Credentials::verdict(const batch::Digest& hash, const Exchange& exchange) const
{
    const auto partition = [&](std::string_view kind, std::string_view principal, std::string label) {
        return Verified{cache::make_scope(parameters_.base_url, kind, principal), clock_.now(), std::move(label)};
    };
    if (exchange.status == 401 || exchange.status == 403)
        return unauthorized("The upstream does not accept this API key. Check it, or make a new one.");
    // An upstream without this endpoint can't name the user: the key itself is the narrowest partition there is.
    if (exchange.status == 404 || exchange.status == 405)
        return partition("key", batch::to_hex(hash), "key");
    if (exchange.status != 200)
        return Failure{.code = Errc::upstream_failed,
                       .detail = "The upstream answered " + std::to_string(exchange.status) +
                                 " when asked to verify the API key. Try again later.",
                       .members = {{"upstream_status", exchange.status}}};

    boost::system::error_code error;
    const auto document = boost::json::parse(exchange.body, error);
    const auto* object = error ? nullptr : document.if_object();
    const auto* valid = object == nullptr ? nullptr : object->if_contains("valid");
    if (valid == nullptr || !valid->is_bool())
        return Failure{.code = Errc::upstream_failed,
                       .detail = "The upstream's answer to the key verification is not the promised document.",
                       .members = {}};
    if (!valid->get_bool())
        return unauthorized("The upstream says that this API key is not valid. Check it, or make a new one.");

    const auto user = !text_of(*object, "user_id").empty() ? text_of(*object, "user_id") : text_of(*object, "uid");
    const auto org = text_of(*object, "org_id");
    if (parameters_.auth.partition == config::Partition::org && !org.empty())
        return partition("org", org, std::string(org));
    if (!user.empty())
        return partition("user", user, std::string(user));
    return partition("key", batch::to_hex(hash), "key");
}

// What another upstream has said of a key, or this one under another partition, does not say whose the batches of now
// are.
bool Credentials::still_stands(const cache::Principal& recalled, const batch::Digest& hash) const
{
    const auto is = [&](std::string_view kind, std::string_view principal) {
        return recalled.scope == cache::make_scope(parameters_.base_url, kind, principal);
    };
    return is("user", recalled.label) || is("key", batch::to_hex(hash)) ||
           (parameters_.auth.partition == config::Partition::org && is("org", recalled.label));
}

awaitable<std::optional<cache::Principal>> Credentials::recall(batch::Digest hash)
{
    auto recall_key = [hash](cache::Store& store) { return store.recall(hash); };
    auto recalled = co_await store_.read(recall_key);
    co_return recalled ? *recalled : std::nullopt;
}

awaitable<void> Credentials::remember(batch::Digest hash, cache::Principal principal)
{
    auto work = [hash, principal = std::move(principal)](cache::Store& store) {
        return store.remember(hash, principal);
    };
    auto remembered = co_await store_.write(std::move(work));
    if (!remembered)
        log::warn("a verified key could not be remembered; offline it will be unknown",
                  {{"error", remembered.error().detail}});
}

} // namespace nomadic::proxy
