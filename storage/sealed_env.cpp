#include "storage/sealed_env.hpp"

#include "storage/key_ring.hpp"
#include "storage/keys.hpp"

namespace present::storage {

result<std::unique_ptr<sealed_env>>
sealed_env::open(const std::filesystem::path& folder, const opening& how,
                 const adopter& adopt) {
  auto options = how.lmdb;
  options.number_key = environment_keys::commit_number();
  auto env = lmdb_env::open(folder, options);
  if (!env)
    return env.problem();
  std::unique_ptr<sealed_env> opened{new sealed_env};
  opened->env_ = std::move(*env);
  if (status ok = opened->adopt_owner(how, adopt); !ok)
    return ok.problem();
  auto values = seal_of(*opened->env_, how.keys, how.purpose);
  if (!values)
    return values.problem();
  opened->seal_ = std::move(*values);
  return opened;
}

status sealed_env::adopt_owner(const opening& how, const adopter& adopt) {
  auto found = find_owner(how);
  if (!found)
    return found.problem();
  auto owner = adopt(*found);
  if (!owner)
    return named(owner.problem().code, owner.problem().message);
  store_ = owner->store;
  if (*found == owner->bytes)
    return success();
  // Checked, for its key alone: it is read to learn which store this is.
  const seal checked;
  std::string sealed(owner->bytes.size() + checked.overhead(), '\0');
  if (status ok = checked.close(how.owner_key, owner->bytes, {}, sealed.data()); !ok)
    return ok;
  return env_->write(
    [&](lmdb_write& txn) { return txn.put(how.owner_key, sealed); });
}

result<std::optional<std::string>>
sealed_env::find_owner(const opening& how) const {
  auto txn = env_->read();
  if (!txn)
    return txn.problem();
  auto cursor = txn->cursor();
  if (!cursor)
    return cursor.problem();
  auto first = cursor->seek({});
  if (!first)
    return first.problem();
  if (!*first)
    return std::optional<std::string>{};
  if ((*first)->key != how.owner_key)
    return named(error_code::damaged, "holds data but no identity");
  auto plain = seal{}.open((*first)->key, (*first)->value);
  if (!plain)
    return named(error_code::damaged, "identity: " + plain.problem().message);
  return std::optional{std::move(*plain)};
}

std::string sealed_env::place_of(std::string_view key) const {
  std::string place = std::to_string(store_.value) + ':';
  place.append(key);
  return place;
}

status sealed_env::put(lmdb_write& txn, std::string_view key,
                       std::string_view head, std::string_view body) const {
  auto room = txn.reserve(key, head.size() + body.size() + seal_.overhead());
  if (!room)
    return room.problem();
  return seal_.close(place_of(key), head, body, *room);
}

result<std::string> sealed_env::unseal(const lmdb_row& stored) const {
  return seal_.open(place_of(stored.key), stored.value);
}

error sealed_env::named(error_code code, const std::string& what) const {
  return make_error(code, env_->file().string() + ": " + what);
}

std::optional<error> refusal_of_format(std::uint32_t found, std::uint32_t newest) {
  if (found <= newest)
    return std::nullopt;
  return make_error(error_code::invalid,
                    "written in format " + std::to_string(found)
                      + ", this program knows formats up to "
                      + std::to_string(newest) + ": use a newer program");
}

std::optional<error> refusal_of_cluster(const std::string& found,
                                        const std::string& wanted) {
  if (found == wanted)
    return std::nullopt;
  return make_error(error_code::invalid,
                    "belongs to cluster '" + found + "', not to '" + wanted
                      + "': use another data folder");
}

} // namespace present::storage
