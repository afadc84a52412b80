// A JSON reader in a page, and a report over what it read: std::map, std::sort, std::string, virtual-free recursion.
// Reads {"orders": [{"customer": STRING, "item": STRING, "price": NUMBER, "count": NUMBER}, ...]} from standard input.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

struct Value {
  enum class Kind { kNull, kNumber, kString, kArray, kObject } kind = Kind::kNull;
  double number = 0;
  std::string string;
  std::vector<Value> array;
  std::map<std::string, Value> object;

  const Value& operator[](const std::string& key) const {
    static const Value null;
    auto found = object.find(key);
    return found == object.end() ? null : found->second;
  }
};

[[noreturn]] void fail(const char* what, size_t offset) {
  std::printf("error at byte %zu: %s\n", offset, what);
  std::exit(3);
}

class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  Value read() {
    Value value = read_value(0);
    if (peek() != '\0') fail("text after the document", position_);
    return value;
  }

 private:
  char peek() {
    while (position_ < text_.size() && std::string_view(" \t\r\n").find(text_[position_]) != std::string_view::npos)
      ++position_;
    return position_ < text_.size() ? text_[position_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++position_;
    return true;
  }

  void expect(char c) {
    if (!take(c)) fail((std::string("expected '") + c + "'").c_str(), position_);
  }

  Value read_value(int depth) {
    if (depth > 64) fail("nested too deeply", position_);
    Value value;
    if (take('{')) {
      value.kind = Value::Kind::kObject;
      if (take('}')) return value;
      do {
        if (peek() != '"') fail("expected a key", position_);
        std::string key = read_string();
        expect(':');
        value.object[key] = read_value(depth + 1);
      } while (take(','));
      expect('}');
    } else if (take('[')) {
      value.kind = Value::Kind::kArray;
      if (take(']')) return value;
      do value.array.push_back(read_value(depth + 1));
      while (take(','));
      expect(']');
    } else if (peek() == '"') {
      value.kind = Value::Kind::kString;
      value.string = read_string();
    } else {
      value.kind = Value::Kind::kNumber;
      value.number = read_number();
    }
    return value;
  }

  std::string read_string() {
    std::string result;
    for (++position_; position_ < text_.size() && text_[position_] != '"'; ++position_) {
      if (text_[position_] == '\\' && position_ + 1 < text_.size()) ++position_;
      result += text_[position_];
    }
    if (position_ == text_.size()) fail("unterminated string", position_);
    ++position_;
    return result;
  }

  double read_number() {
    std::string digits(text_.substr(position_, 32));
    char* end = nullptr;
    double number = std::strtod(digits.c_str(), &end);
    if (end == digits.c_str()) fail("expected a value", position_);
    position_ += end - digits.c_str();
    return number;
  }

  std::string_view text_;
  size_t position_ = 0;
};

std::string read_all(FILE* file) {
  std::string text;
  char buffer[4096];
  for (size_t n; (n = std::fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
  return text;
}

}  // namespace

int main() {
  std::string text = read_all(stdin);
  Value document = Reader(text).read();
  std::map<std::string, double> spent;
  std::map<std::string, std::pair<double, std::vector<std::string>>> items;
  for (const Value& order : document["orders"].array) {
    spent[order["customer"].string] += order["price"].number * order["count"].number;
    auto& [count, customers] = items[order["item"].string];
    count += order["count"].number;
    customers.push_back(order["customer"].string);
  }
  std::vector<std::pair<std::string, double>> ranking(spent.begin(), spent.end());
  std::sort(ranking.begin(), ranking.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::puts("customers by spending");
  for (const auto& [name, sum] : ranking) std::printf("  %-10s %10.2f\n", name.c_str(), sum);
  std::puts("items");
  for (auto& [name, item] : items) {
    auto& customers = item.second;
    std::sort(customers.begin(), customers.end());
    customers.erase(std::unique(customers.begin(), customers.end()), customers.end());
    std::printf("  %-10s %4.0f  %s", name.c_str(), item.first, customers.empty() ? "" : customers[0].c_str());
    for (size_t i = 1; i < customers.size(); ++i) std::printf(", %s", customers[i].c_str());
    std::putchar('\n');
  }
}
