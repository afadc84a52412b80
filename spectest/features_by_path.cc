#include "spectest/features_by_path.h"

namespace arris::spectest {
namespace {

// Does `path` lie in `folder` ("a/b/")?
bool lies_in(std::string_view path, std::string_view folder) {
  size_t at = path.find(folder);
  return at != std::string_view::npos && (at == 0 || path[at - 1] == '/');
}

}  // namespace

api::Features features_for_path(std::string_view path) {
  using api::Feature;
  struct Folder {
    std::string_view part;
    Feature feature;
  };
  static constexpr Folder kFolders[] = {
      {"proposals/threads/", Feature::threads},
      {"proposals/wide-arithmetic/", Feature::wide_arithmetic},
      {"proposals/custom-page-sizes/", Feature::custom_page_sizes},
      {"legacy/", Feature::legacy_exceptions},
  };
  api::Features features;
  for (const Folder& folder : kFolders) {
    if (lies_in(path, folder.part)) features = features.with(folder.feature);
  }
  if (features.has(Feature::threads)) {
    // This folder still holds the proposal's own copies of core files, which expect one table and one 32-bit memory at most.
    features = features.without(Feature::multi_memory).without(Feature::memory64).without(Feature::reference_types);
  }
  return features;
}

std::string_view unimplemented_proposal(std::string_view path) {
  constexpr std::string_view kFolder = "proposals/custom-descriptors";
  return lies_in(path, "proposals/custom-descriptors/") ? kFolder : std::string_view();
}

}  // namespace arris::spectest
