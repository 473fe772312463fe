// What nearly every shell includes, and what is slow to read: CAF.
#include <caf/all.hpp>

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>
