"""Pages of our own in three languages: title and body stay, furniture goes, plain texts stay whole.

A page's lines are marked: `=` its title, `+` body, `-` furniture.
"""

import os
import time
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from eventcoder.cleaning import Page, clean
from eventcoder.furniture import Furniture, classify, lines

PAGES = {
    "en: related headlines between paragraphs, named on their own line": """
= Iran and Iraq ministers meet in Baghdad
+ The Iranian foreign minister met his Iraqi counterpart in Baghdad on Monday, officials said.
- RELATED: Turkey strikes northern Syria
+ The two ministers signed an agreement on the border, the state agency reported.
- More news: Israel bombs Damascus airport
+ Iraq asked Tehran to release three fishermen who were held in January.
- You may also like
- Army retakes village
""",
    "ar: menu, headlines without bullets before, tags after": """
- الرئيسية
- سياسة
- اقتصاد
- رياضة
- الأمطار تغلق الطرق الجبلية في شمال البلاد
- البرلمان يقر قانون الموازنة بعد جلسة طويلة
- المنتخب يتأهل إلى نصف نهائي البطولة الآسيوية
- وزير النقل يفتتح خطا جديدا للسكك الحديدية
= الأردن والعراق يوقعان اتفاقا لتزويد بغداد بالكهرباء
- نشر في: الأحد 13 مارس 2022 - 14:20
- عمان - الوكالة
+ وقع الأردن والعراق اليوم الأحد اتفاقا لربط شبكتي الكهرباء في البلدين وتزويد بغداد بالطاقة.
+ وقال وزير الطاقة الأردني إن المرحلة الأولى ستبدأ الصيف المقبل.
+ وأعرب نظيره العراقي عن شكره لعمان على موقفها.
- كلمات مفتاحية: الأردن، العراق، الكهرباء
- شارك الخبر
- فيسبوك تويتر واتساب
- الأكثر قراءة
- مقتل ثلاثة جنود في هجوم على حاجز قرب الحدود
- جميع الحقوق محفوظة © 2022
""",
    "ar: related items in the middle, comment form": """
= السودان يطلب وساطة الاتحاد الإفريقي في أزمة السد
- 3 دقائق للقراءة
+ طلبت الحكومة السودانية من الاتحاد الإفريقي التوسط بينها وبين إثيوبيا بشأن ملء السد.
+ وقالت وزارة الخارجية في بيان إن الخرطوم تتمسك بحل يرضي الأطراف الثلاثة.
- اقرأ أيضاً:
- إثيوبيا تتهم جارتها بحشد قوات على الحدود
- مصر تستدعي السفير الإثيوبي في القاهرة
+ وأكد المتحدث باسم الحكومة أن بلاده لا تريد التصعيد مع أديس أبابا.
+ ولم ترد إثيوبيا حتى الآن على الطلب السوداني.
- التعليقات (4)
- لن يتم نشر عنوان بريدك الإلكتروني.
- الاسم *
- البريد الإلكتروني *
- يجب على الدول العربية أن تقف صفا واحدا ضد هذا المشروع الخطير على الجميع.
- إرسال
""",
    "ar: paragraphs without stops": """
- أخبار
- عاجل
- آخر تحديث: 10:15 GMT
= تركيا تعلن إرسال مساعدات عاجلة إلى المتضررين من الفيضانات في ليبيا
+ أعلنت وزارة الدفاع التركية اليوم إرسال ثلاث طائرات محملة بالمساعدات إلى مدينة درنة الليبية
+ وقال الوزير إن أنقرة سترسل فرق إنقاذ أخرى خلال الساعات المقبلة بطلب من حكومة طرابلس
+ وشكر رئيس الحكومة الليبية تركيا على سرعة استجابتها ودعا الدول الصديقة إلى تقديم المزيد
- مواضيع ذات صلة
- زلزال بقوة خمس درجات يضرب غرب البلاد
- افتتاح معرض الكتاب في العاصمة
- اتصل بنا
- من نحن
""",
    "ar: headline again with a caption glued on": """
- القائمة
= قطر تستضيف جولة جديدة من المحادثات الأفغانية
- الدوحة اليوم
- الدوحة اليوم - قطر تستضيف جولة جديدة من المحادثات الأفغانية
- وزير الخارجية القطري
- قطر تستضيف جولة جديدة من المحادثات الأفغانيةالوفد الأفغاني في الدوحة
+ بدأت في الدوحة اليوم جولة جديدة من المحادثات بين وفدي الحكومة الأفغانية وحركة طالبان.
+ ودعا وزير الخارجية القطري الطرفين إلى وقف إطلاق النار.
- قد يهمك ايضا
- السعودية تعلن نتائج الانتخابات البلدية
- اشترك في النشرة البريدية
- أدخل بريدك الإلكتروني
""",
    "ar: one sentence in much furniture": """
- الصفحة الرئيسية
- من نحن
- اتصل بنا
- بحث
= مقتل جندي في انفجار لغم شرق العراق
- 2021/05/03 - 09:12
+ قُتل جندي عراقي وأصيب اثنان في انفجار لغم زرعه تنظيم الدولة في محافظة ديالى.
- أ ح / م س
- طباعة
- أخبار أخرى
- الرئيس يستقبل وفدا من شيوخ العشائر
- انطلاق مهرجان بابل الدولي الأسبوع المقبل
- نستخدم ملفات تعريف الارتباط لتحسين تجربتك على موقعنا وتقديم محتوى يناسب اهتماماتك.
""",
    "ar: an interview with short questions": """
- حوارات
- شارك على فيسبوك
= وزير الخارجية السابق: المفاوضات مع طهران لم تفشل
+ التقت الصحيفة الوزير السابق في منزله وسألته عن سنواته في الوزارة.
+ هل فشلت المفاوضات؟
+ لا، فقد اتفقنا على كثير من النقاط مع الوفد الإيراني في مسقط.
+ ومن رفض التوقيع؟
+ رفضت طهران التوقيع في اليوم الأخير بعد وصول تعليمات من القيادة.
- تعليق
""",
    "fa: menu, related before the text, code and link": """
- صفحه اصلی
- سیاسی
- بین الملل
- ورزشی
= وزیر امور خارجه ایران و همتای عمانی در مسقط دیدار کردند
- کد خبر: 483920
- تاریخ انتشار: ۱۲ بهمن ۱۴۰۰ - ۱۰:۴۵
- اخبار مرتبط
- گفت‌وگوی تلفنی روسای جمهور ایران و چین
+ وزیر امور خارجه ایران روز سه‌شنبه در مسقط با همتای عمانی خود دیدار و گفت‌وگو کرد.
+ دو طرف درباره توسعه روابط اقتصادی و بازگشایی مرزهای دریایی توافق کردند.
+ وی همچنین از میزبانی عمان در گفت‌وگوهای یمن قدردانی کرد.
- انتهای پیام/
- لینک کوتاه: example.ir/x1
- نظر شما
- نام
- ایمیل
""",
    "fa: headlines after the story without any heading": """
= افغانستان حمله به پاسگاه مرزی را محکوم کرد
+ وزارت خارجه افغانستان روز پنجشنبه حمله به پاسگاه مرزی در ولایت کنر را محکوم کرد.
+ سخنگوی این وزارت گفت که کابل از پاکستان خواسته است عاملان را تحویل دهد.
+ اسلام‌آباد این اتهام را رد کرد و خواستار تحقیقات مشترک شد.
- دیدار سفیر ژاپن با شهردار هرات
- آغاز ساخت بند آبی در ولایت فراه
- تیم ملی کریکت افغانستان به دبی رفت
- نمایشگاه صنایع دستی در کابل گشایش یافت
- بازگشت صدها مهاجر از مرز اسلام‌قلعه
""",
    "fa: most visited, comments, rights": """
- پربازدیدترین ها
- قیمت طلا و سکه در بازار امروز
- زمان پخش دربی تهران اعلام شد
- فهرست داروهای کمیاب منتشر شد
= روسیه و ترکیه درباره کریدور غلات به توافق رسیدند
- ۳ ساعت پیش
+ روسیه و ترکیه درباره ادامه صادرات غلات از دریای سیاه به توافق رسیدند.
+ کرملین اعلام کرد که پوتین و اردوغان در تماس تلفنی جزئیات این توافق را بررسی کردند.
- بیشتر بخوانید: زلنسکی با دبیرکل سازمان ملل دیدار کرد
+ سازمان ملل از این توافق استقبال کرد.
- نظرات کاربران
- به نظر من این توافق به سود هیچ کس نیست و دوباره شکسته خواهد شد.
- تمامی حقوق این سایت محفوظ است.
""",
    "fa: paragraphs without stops, hashtags": """
- منو
- جستجو
= رئیس جمهور تاجیکستان با نخست وزیر قزاقستان دیدار کرد
- دوشنبه - خبرگزاری
+ امامعلی رحمان رئیس جمهور تاجیکستان روز چهارشنبه در شهر دوشنبه با نخست وزیر قزاقستان دیدار کرد
+ در این دیدار دو طرف بر گسترش همکاری های مرزی و تجاری تاکید کردند و یک سند همکاری امضا کردند
+ به گزارش دفتر ریاست جمهوری قزاقستان قرار است سال آینده خط هوایی تازه ای میان دو کشور گشایش یابد
- مطالب مرتبط
- ازبکستان مرز خود را گشود
- تبلیغات
""",
    "fa: advert between paragraphs": """
- خبرگزاری جمهور
- ورود | ثبت نام
= پارلمان عراق با خروج نیروهای خارجی موافقت کرد
+ پارلمان عراق روز یکشنبه با اکثریت آرا با خروج نیروهای خارجی از این کشور موافقت کرد.
- آگهی
+ نخست‌وزیر گفت دولت با واشنگتن درباره زمان خروج مذاکره خواهد کرد.
- عضویت در خبرنامه
+ سفارت آمریکا در بغداد هنوز به این تصمیم واکنش نشان نداده است.
- ارسال به دوستان
- چاپ
""",
    "en: navigation, trending, newsletter, footer": """
- Skip to content
- Home | World | Politics | Sport
- Trending
- Storm closes airports across the north
- Star striker signs record deal with rivals
- Five recipes for a cold weekend
= Japan and Vietnam agree to hold joint naval drills
- By Our Correspondent
- Published on 4 May 2021 at 09:30 GMT
+ HANOI - Japan and Vietnam agreed on Tuesday to hold joint naval drills in the South China Sea.
+ "We will work together for a free ocean," the Japanese defence minister said.
- Advertisement
+ China criticised the plan and warned both countries against provocation.
- Sign up for our daily newsletter and get the best stories delivered to your inbox.
- Enter your email
- Read more:
- Manila summons the Chinese envoy over reef
- Australia cancels port lease
- © 2021 The Example Post. All rights reserved.
- Terms of Use | Privacy Policy
""",
    "en: teasers with stops after the story, reader comments": """
- Menu
- Search
= Kenya sends troops to eastern Congo
+ Kenya sent a first group of 900 soldiers to the Democratic Republic of Congo on Saturday.
+ The troops will join a regional force that is to fight rebels near Goma, the army said.
+ Congo's president thanked Nairobi for its help.
- Related stories
- Rwanda denies backing the rebels
- 2 days ago
- The government in Kigali rejected the report.
- Aid group suspends work in Ituri
- 3 days ago
- Staff were attacked on the road to Bunia.
- 3 Comments
- Nobody asked the people of Goma whether they want more soldiers in their streets.
- Sad news for the whole region, and it will not be the last time that it happens.
- Log in
""",
    "en: date, share bar, caption, subtitle": """
- News
= Poland expels three Russian diplomats over spying claims
+ Moscow promises to answer in kind as the row between neighbours deepens
- Share Facebook Twitter Email
- File photo: The foreign ministry in Warsaw (AFP)
+ Poland on Wednesday expelled three Russian diplomats whom it accuses of spying.
+ Russia's ambassador rejected the accusation and said Moscow would respond.
- Tags: Poland, Russia, diplomacy
- Most read
- Lottery winner found after two months
""",
    "en: a list that belongs to the story": """
- Home
- Subscribe
= Ministers in Cairo settle on four points
+ Foreign ministers of six countries met in Cairo on Monday and agreed to do the following:
+ - open two crossings for aid
+ - send observers to the border
+ - meet again in Amman in June
+ Egypt's minister said that the talks had been frank and that more work was needed.
- You may also like
- Cairo metro adds a third line
- Cookie policy
""",
    "en: a live page with clock lines": """
- Live
- Share
= Peace talks in Geneva: what happened today
- 08:30 GMT
+ The two delegations arrived at the UN building in Geneva and met the envoy separately.
- 11:05 GMT
+ Government negotiators rejected the rebels' draft, a diplomat told reporters.
- 17:45 GMT
+ The envoy said that both sides would return to the table on Thursday.
- Follow us on Telegram
""",
    "en: lines of the related list end in question marks": """
- World
- Subscribe
= Greece and Turkey reopen talks on the Aegean
+ Greece and Turkey reopened talks on their sea border in Istanbul on Monday after five years.
+ Greek diplomats said that Ankara had promised to keep its survey ship in port.
- Recommended for you
- Who owns the gas under the sea?
- Is the lira about to fall again?
- Ferry strike enters second week
- Contact us
""",
}

PLAIN = {
    "one sentence without a stop": "روسيا تدعو إلى اجتماع طارئ لمجلس الأمن",
    "headline and two sentences": """
= Iran frees British sailor
+ Iran on Sunday freed a British sailor. London thanked Tehran.""",
    "one paragraph of an agency": """
+ باكو - 12 - 4 (كونا) -- دعا الرئيس الأذربيجاني الأرميني إلى لقاء.ووافق الثاني.(النهاية)""",
    "headlines only": """
+ Iran frees British sailor
+ Seoul protests over missile test
+ Sudan recalls its envoy to Chad
+ Cuba and Spain sign an air accord
+ Mali asks France to leave""",
    "headlines only, in Persian": """
+ دیدار وزیران خارجه ایران و عراق در نجف
+ هشدار چین به فیلیپین درباره جزیره‌های مرجانی
+ اعتراض یونان به پرواز جنگنده‌های ترکیه""",
    "an interview": """
= The envoy on his talks
+ Did Tehran agree?
+ Not yet.
+ Will you go back?
+ Yes, in May.
+ The envoy left for Muscat after our talk and will brief the Council next week.""",
    "short paragraphs without stops": """
+ الخرطوم ترحب بالاتفاق
+ رحبت الحكومة السودانية بالاتفاق الموقع في جدة
+ ودعت الأطراف إلى الالتزام به
+ كما شكرت السعودية على جهودها""",
    "a subtitle and a dateline": """
= Ankara hosts Balkan ministers
+ Trade and migration top the agenda
+ ANKARA (Agency) -- Turkey hosted ministers of five Balkan countries on Friday.
+ They agreed to meet again in Sofia.""",
    "a sentence about cookies, sharing and copyright": """
= Brussels fines a network over privacy
+ The commission said that users must be asked before websites use cookies to track them.
+ Share prices fell after Germany and France backed the copyright law in the Council.
+ Related talks with Washington go on. Read the statement, the minister told reporters.""",
}

WRAPPED = """The foreign ministers of Chile and Peru met in Lima on Thursday and agreed to
reopen the border crossing that had been closed since the protests began, a
joint statement said. They also promised to share data on gangs that move
migrants through the desert, and to hold a meeting of both cabinets in March.

Peru's minister said that his country would send a new ambassador to Santiago
before the end of the month and that trade should return to what it was before
the crisis. Bolivia offered to host the next round."""


def marked(page: str) -> tuple[str, list[tuple[str, str]]]:
    lines = [(line[0], line[2:]) for line in page.strip().splitlines()]
    return "\n".join(line for _, line in lines), lines


def marks(text: str, page: Page) -> list[tuple[str, str]]:
    """Mark each line of a text as a page has it."""
    spans = [(r.start, r.end, "-") for r in page.removed] + [(*s, "+") for s in page.body]
    spans += [(*page.title, "=")] if page.title else []
    found = []
    for start, end, mark in sorted(spans):
        found += [(mark, line.strip()) for line in text[start:end].splitlines() if line.strip()]
    return found


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n \n"])
def test_pages(name: str, end: str) -> None:
    text, lines = marked(PAGES[name])
    text = text.replace("\n", end)
    assert marks(text, clean(text)) == lines


@pytest.mark.parametrize("name", PAGES)
def test_pages_with_their_title_known(name: str) -> None:
    text, lines = marked(PAGES[name])
    title = next(line for mark, line in lines if mark == "=")
    assert marks(text, clean(text, title)) == lines


@pytest.mark.parametrize("name", [name for name in PAGES if "subtitle" not in name])
def test_pages_whose_title_is_not_in_the_text(name: str) -> None:
    text, lines = marked(PAGES[name])
    title = next(line for mark, line in lines if mark == "=")
    lines = [(mark, line) for mark, line in lines if title not in line]
    text = "\n".join(line for _, line in lines)
    page = clean(text, title)
    assert page.title is None
    body = [line for mark, line in marks(text, page) if mark == "+"]
    expected = [line for mark, line in lines if mark == "+"]
    assert [line for line in body if line in expected] == expected
    assert len(body) <= len(expected) + 1


@pytest.mark.parametrize("name", PLAIN)
def test_plain_texts_stay_whole(name: str) -> None:
    text, lines = (
        marked(PLAIN[name]) if PLAIN[name].startswith("\n") else (PLAIN[name], [("+", PLAIN[name])])
    )
    assert marks(text, clean(text)) == lines


def test_a_short_list_below_a_colon_stays() -> None:
    text, lines = marked(PAGES["en: a list that belongs to the story"])
    assert ("+", "- open two crossings for aid") in lines
    assert ("+", "- open two crossings for aid") in marks(text, clean(text))


def test_hard_wrapped_lines_are_joined() -> None:
    page = clean(WRAPPED)
    assert not page.removed
    assert len(page.body) == 2
    assert WRAPPED[slice(*page.body[1])].startswith("Peru's")
    assert WRAPPED[slice(*page.body[1])].endswith("round.")


def test_reasons() -> None:
    text, _ = marked(PAGES["en: navigation, trending, newsletter, footer"])
    reasons = {text[r.start : r.end].splitlines()[0]: r.reason for r in clean(text).removed}
    assert reasons["Advertisement"] == "advert"
    assert reasons["Trending"] == "related headlines"
    assert reasons["By Our Correspondent"] == "byline"
    assert reasons["Published on 4 May 2021 at 09:30 GMT"] == "date stamp"
    assert reasons["© 2021 The Example Post. All rights reserved."] == "copyright"


def test_lines_of_a_site() -> None:
    pages = [
        f"The Daily Example of Springfield\nStory {n} is told\nEnvoys met in {n} towns on "
        f"Monday and agreed to go on.\nA corner for the friends of chess"
        for n in range(5)
    ]
    first, second = Furniture(), Furniture()
    for page in pages[:3]:
        first.add("example.org", page)
    for page in pages[3:]:
        second.add("example.org", page)
    first.merge(second)
    known = first.lines("example.org")
    assert len(known) == 2
    assert first.lines("other.org") == frozenset()
    page = clean(pages[0], known=known)
    assert [pages[0][r.start : r.end] for r in page.removed] == [
        "The Daily Example of Springfield",
        "A corner for the friends of chess",
    ]
    assert len(page.body) + (page.title is not None) == 2


# Properties

LINES = st.sampled_from(
    [line for page in PAGES.values() for _, line in marked(page)[1]] + ["", " ", "\0", "؟", "-"]
)
TEXTS = st.one_of(
    st.text(max_size=200), st.lists(LINES | st.text(max_size=30), max_size=40).map("\n".join)
)


@settings(deadline=None)
@example(f"{'0' * 90}\rRELATED\rIran and Iraq ministers meet", "Iran and Iraq ministers meet")
@given(TEXTS, st.none() | LINES)
def test_spans_cover_every_letter_once(text: str, title: str | None) -> None:
    page = clean(text, title)
    spans = sorted([*page.body, *((r.start, r.end) for r in page.removed)])
    spans = sorted([*spans, page.title]) if page.title else spans
    place, left = 0, ""
    for start, end in spans:
        assert place <= start < end <= len(text)
        left += text[place:start]
        place = end
    assert not (left + text[place:]).strip()
    assert page.body or page.title or not text.strip()
    assert all(removed.reason for removed in page.removed)


@pytest.mark.parametrize(
    "junk",
    ["a", "ا ب\n", "\n", "Related:\n", "- x\n", "Share share\n", "x.\n", "قال الوزير إنه سيغادر. ",
     "Talks open in Baku between envoys\n", "((((((((", ". " , "a b c d e f g\n\n", "\" ' "],
)  # fmt: skip
def test_junk_takes_linear_time(junk: str) -> None:
    def seconds(size: int) -> float:
        text = junk * (size // len(junk))
        start = time.process_time()
        clean(text)
        return time.process_time() - start

    seconds(1000)
    small, large = seconds(150_000), seconds(1_500_000)
    assert large < 30 * small + 1


def test_five_megabytes_in_one_line() -> None:
    start = time.process_time()
    page = clean("قال الوزير إنه سيغادر. " * 220_000)
    assert len(page.body) == 1
    assert time.process_time() - start < 10


def test_a_caption_is_no_headline() -> None:
    page = clean(
        "لافروف في تونس\nآخر تحديث 16:42\nلافروف يبحث في تونس التعاون ويعرض القمح\n"
        "الضفاف - لافروف يبحث في تونس التعاون ويعرض القمح\n"
        "وزير الخارجية الروسي سيرغي لافروف\nتونس - الضفاف\n"
        "اجتمع وزير الخارجية الروسي سيرغي لافروف اليوم مع الرئيس التونسي في العاصمة تونس.\n"
        "وعرض لافروف على تونس شراء القمح الروسي بأسعار مخفضة كما قال في مؤتمر صحافي.\n"
        "قد يهمك أيضا:\nالبرلمان يقر الموازنة العامة بعد جلسة طويلة\nشارك الخبر\n"
    )
    assert page.title is not None
    text = "لافروف في تونس\nآخر تحديث 16:42\n"
    assert page.title[0] == len(text)
    assert "caption" in {removed.reason for removed in page.removed}


def test_a_time_with_full_stops_is_a_date_stamp() -> None:
    line = lines("July 30, 2023 at 8:14 p.m.")
    classify(line, frozenset())
    assert line[0].reason == "date stamp"


# The pages that the project began with

SEEDS = os.environ.get("EVENTCODER_SHARED")


@pytest.mark.skipif(not SEEDS, reason="EVENTCODER_SHARED names no folder")
@pytest.mark.parametrize(
    ("name", "title", "first", "last"),
    [
        ("000", 16, 18, 24),
        ("001", 1, 5, 5),
        ("002", 1, 3, 9),
        ("003", 16, 18, 22),
        ("004", 1, 14, 33),
    ],
)
def test_seeds(name: str, title: int, first: int, last: int) -> None:
    text = next(Path(SEEDS or "", "seeds").glob(f"{name}_*.txt")).read_text("utf-8")
    lines = text.splitlines()
    page = clean(text)
    assert page.title is not None
    assert text[slice(*page.title)] == lines[title - 1]
    body = [line for line in lines[first - 1 : last] if line and not line.startswith(lines[0])]
    assert [text[slice(*span)] for span in page.body] == body
