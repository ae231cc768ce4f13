// A C++ program with its library inside: streams, maps, strings, sorting, exceptions through destructors, and locales.
// expect: exit 0
// stdout: gone boom 49
// stdout: 3 5 9 3.25 ff
// stdout: caught int 7, then bad_alloc
#include <algorithm>
#include <iomanip>
#include <iostream>
#include <map>
#include <new>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

struct Loud {
    ~Loud() { std::cout << "gone "; }
};

static int thrower(int number)
{
    Loud loud;
    if (number > 3)
        throw std::runtime_error("boom");
    return number;
}

static std::string nested()
{
    std::ostringstream text;
    try {
        try {
            throw 7;
        } catch (int number) {
            text << "caught int " << number;
            throw std::bad_alloc();
        }
    } catch (const std::exception &) {
        text << ", then bad_alloc";
    }
    return text.str();
}

int main()
{
    std::map<std::string, int> squares;
    for (int index = 1; index < 8; index++) {
        std::ostringstream name;
        name << "n" << index;
        squares[name.str()] = index * index;
    }
    try {
        thrower(9);
    } catch (const std::exception &error) {
        std::cout << error.what() << " " << squares["n7"] << std::endl;
    }
    std::vector<int> numbers = {5, 3, 9};
    std::sort(numbers.begin(), numbers.end());
    for (int number : numbers)
        std::cout << number << ' ';
    std::cout << 3.25 << ' ' << std::hex << 255 << '\n' << nested() << '\n';
    std::istringstream words("12 apples");
    int count = 0;
    std::string what;
    words >> count >> what;
    return count == 12 && what == "apples" ? 0 : 1;
}
