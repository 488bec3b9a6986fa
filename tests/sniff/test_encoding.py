"""The encoding is found from the bytes, also where few of them say anything."""

from __future__ import annotations

import pytest

from controlplane.sniff.encoding import find_encoding

WESTERN = (
    "name;city;note\nJosé;Málaga;Él dijo que sí\nMüller;Köln;Straße größer\nÅsa;Malmö;smörgås\n"
)
TYPED = "name,note\nO’Brien,“quoted” – €5\nRené,naïve café\n"
POLISH = "imię,miasto\nŁukasz,Łódź\nZażółć,gęślą jaźń\n"
RUSSIAN = "имя,город\nИван,Москва\nОльга,Санкт-Петербург\nПётр,Казань\n"
GREEK = "όνομα,πόλη\nΓιώργος,Αθήνα\nΜαρία,Θεσσαλονίκη\n"
JAPANESE = "名前,都市\n田中,東京\n鈴木さん,おおさか\nカタカナ,テスト\n"
CHINESE = "姓名,城市\n王伟,北京\n李娜,上海市浦东新区\n张三,广州\n"
KOREAN = "이름,도시\n김철수,서울\n이영희,부산광역시\n"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *((WESTERN, name) for name in ("utf-8", "latin-1", "cp1252", "cp850", "mac-roman")),
        *((TYPED, name) for name in ("utf-8", "cp1252")),
        *((POLISH, name) for name in ("cp1250", "iso8859-2")),
        *((RUSSIAN, name) for name in ("koi8-r", "cp1251", "cp866", "iso8859-5")),
        *((GREEK, name) for name in ("cp1253", "iso8859-7")),
        *((JAPANESE, name) for name in ("shift-jis", "euc-jp")),
        (CHINESE, "gb18030"),
        (KOREAN, "euc-kr"),
        ("id,name\n1,Anna\n2,Bob\n3,Zoë\n", "latin-1"),
        ("a,b,c\n1,2,3\n4,5,©", "latin-1"),
        *(
            (text, name)
            for text in (WESTERN, "a,b\n1,2\n")
            for name in ("utf-8-sig", "utf-16", "utf-32", "utf-16-le", "utf-16-be", "utf-32-be")
        ),
    ],
)
def test_text_is_read_as_it_was_written(text: str, encoding: str) -> None:
    content = text.encode(encoding)
    assert content.decode(find_encoding(content)) == text


@pytest.mark.parametrize("encoding", ["koi8-r", "cp1251", "cp866", "iso8859-5"])
def test_a_long_cell_of_ascii_does_not_hide_the_language(encoding: str) -> None:
    header, *lines = RUSSIAN.splitlines()
    text = "\n".join([f"{header},note", f"{lines[0]},{'some words 1234 ' * 8000}", *lines[1:]])
    content = text.encode(encoding)
    assert content.decode(find_encoding(content)) == text


def test_a_broken_byte_in_utf8_is_a_fault_of_its_record() -> None:
    assert find_encoding("é,ü,ö,à\n".encode() * 5 + b"\xff,1,2,3\n") == "utf-8"


def test_a_sample_may_end_within_a_character() -> None:
    assert find_encoding("größer,é".encode()[:-1]) == "utf-8"
