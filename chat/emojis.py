"""Emoji: which there are, how each is spelled, and the list that people pick from.

*Called by*: chat.reactions, chat.profiles, chat.commands. *Keeps true*: one spelling an emoji, so that the same one
counts together: fully qualified, and in the neutral tone wherever there is one. *Why* a table of characters: the
package's Chinese names are in simplified characters, and people here search in traditional ones.
"""

from functools import cache
from pathlib import Path

import emoji
import orjson

LENGTH_MAX = 32
_ORDER = Path(__file__).resolve().parent / "emoji_order.txt"
_VARIATION = "\ufe0f"
_TONES = dict.fromkeys(map(ord, "\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff" + _VARIATION))
_SIMPLIFIED = (
    "与丑业东丝两个丽举乌乐乔书买乱亏云亚亲仓会伞传伤伦伪体侣侦侧倾儿兑兰关兴兹养兽内冈册写军农冲凉减几凤"
    "凯击刚创别剑办务动劳势区医华单卖卢卫厂历压厕厨双发变叙叶号叹吓听呕员响喂喷团园围国图圆圣场坏块垒声壳"
    "壶处备复头夹奖奥妇学宁宝宾对寻导寿尔尸属屿岛币师帐带帧干库庙废开张弯弹强录怀恳恶惊愤懒戏户扩扫扬扰抛"
    "护报担拥挂挝挥换据摄摇数斗断无时显晕暂术机杂权杆条来极枪枫柜柠标树桥检楼榄榈槟横樱欧残毕气汉汤沉泪泼"
    "泽浅济涂涩温湾溅滚满滩潜灭灯灵点烛烟烧热爱爷犸犹独狮猕猪猫猬獭玛环电画疗皱盐盗盘着睁砖礼秃穷竖笔笼筑"
    "筝签篮类红约级纬纱纳纵纸纹纽线练细绍经结给络维绵绿缄缅缆缎缝网罗耸联聪胜脏脑脚脱脸腊艺苍苏苹荚药莱莲"
    "萝营萨葱蓝虚虫虾蚁蚂蛎蜗蜡蝇蝎袜装裤观视计记证识诊试话诞语说诺调谎谱贝负财账货购贴贵费贼赏赛赞趋车轨"
    "转轮软轴轻载辐输边达过运这进远连迹选邮释针钉钓钟钢钥钩钮钱钳铁铃铅铛铜铰铲银链锁锅锚锤键锯镐镑镖镜长"
    "门闪闭问间闷闹阳阴阵陨随雾静韦韩页顶顺须顿领颈颗颜颤风飞饭饮饰饺饼馆馏马驴驶驼驾骆骑髅鱼鲁鲜鲤鲨鲸鳄"
    "鸟鸡鸭鸵鸽鹅鹉鹦鹰麦黄齿龄龇龙龟"
)
_TRADITIONAL = (
    "與醜業東絲兩個麗舉烏樂喬書買亂虧雲亞親倉會傘傳傷倫偽體侶偵側傾兒兌蘭關興茲養獸內岡冊寫軍農衝涼減幾鳳"
    "凱擊剛創別劍辦務動勞勢區醫華單賣盧衛廠歷壓廁廚雙發變敘葉號嘆嚇聽嘔員響餵噴團園圍國圖圓聖場壞塊壘聲殼"
    "壺處備復頭夾獎奧婦學寧寶賓對尋導壽爾屍屬嶼島幣師帳帶幀乾庫廟廢開張彎彈強錄懷懇惡驚憤懶戲戶擴掃揚擾拋"
    "護報擔擁掛撾揮換據攝搖數鬥斷無時顯暈暫術機雜權桿條來極槍楓櫃檸標樹橋檢樓欖櫚檳橫櫻歐殘畢氣漢湯沉淚潑"
    "澤淺濟塗澀溫灣濺滾滿灘潛滅燈靈點燭煙燒熱愛爺獁猶獨獅獼豬貓蝟獺瑪環電畫療皺鹽盜盤著睜磚禮禿窮豎筆籠築"
    "箏簽籃類紅約級緯紗納縱紙紋紐線練細紹經結給絡維綿綠緘緬纜緞縫網羅聳聯聰勝髒腦腳脫臉臘藝蒼蘇蘋莢藥萊蓮"
    "蘿營薩蔥藍虛蟲蝦蟻螞蠣蝸蠟蠅蠍襪裝褲觀視計記證識診試話誕語說諾調謊譜貝負財賬貨購貼貴費賊賞賽贊趨車軌"
    "轉輪軟軸輕載輻輸邊達過運這進遠連跡選郵釋針釘釣鐘鋼鑰鉤鈕錢鉗鐵鈴鉛鐺銅鉸鏟銀鏈鎖鍋錨錘鍵鋸鎬鎊鏢鏡長"
    "門閃閉問間悶鬧陽陰陣隕隨霧靜韋韓頁頂順須頓領頸顆顏顫風飛飯飲飾餃餅館餾馬驢駛駝駕駱騎髏魚魯鮮鯉鯊鯨鰐"
    "鳥雞鴨鴕鴿鵝鵡鸚鷹麥黃齒齡齜龍龜"
)
# Where a character alone does not tell which one is meant.
_PHRASES = """
面包=麵包 面条=麵條 理发=理髮 金发=金髮 卷发=捲髮 红发=紅髮 白发=白髮 头发=頭髮 胡子=鬍子 日历=日曆 萝卜=蘿蔔 标志=標誌
标签=標籤 台风=颱風 游戏=遊戲 游乐=遊樂 手表=手錶 秒表=秒錶 心脏=心臟 小丑=小丑 郁=鬱 注册=註冊 龙卷=龍捲 卷纸=捲紙
纸卷=紙捲 卷轴=捲軸 卷曲=捲曲 这里=這裡 房里=房裡
"""


def spelled(text: str) -> str | None:
    """The emoji in its one spelling, or None for what is none."""
    if not 0 < len(text) <= LENGTH_MAX:
        return None
    known = _spellings()
    return known.get(text.translate(_TONES)) or known.get(text.replace(_VARIATION, ""))


def one(text: str) -> str | None:
    """The emoji in the tone in which it was chosen, where it stands alone; None for what is no emoji."""
    each = spelled(text)
    return text if each and text in emoji.EMOJI_DATA else each


@cache
def catalog() -> bytes:
    """All groups as JSON: of each emoji itself, its name, its other names and its name in Chinese."""
    emoji.config.load_language("zh")
    groups = [{"name": name, "emoji": [_row(each) for each in members]} for name, members in _groups().items()]
    return orjson.dumps({"groups": groups})


def traditional(name: str) -> str:
    for pair in _PHRASES.split():
        simplified, wanted = pair.split("=")
        name = name.replace(simplified, wanted)
    return name.translate(str.maketrans(_SIMPLIFIED, _TRADITIONAL))


def _row(each: str) -> list[str]:
    known = emoji.EMOJI_DATA[each]
    others = " ".join(_words(alias) for alias in known.get("alias", []))
    return [each, _words(known["en"]), others, traditional(_words(known.get("zh", "")))]


def _words(name: str) -> str:
    return name.strip(":").replace("_", " ")


def _groups() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in _ORDER.read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            members = found.setdefault(line.strip("[]"), [])
        elif not line.startswith("#"):
            members += line.split()
    return found


@cache
def _spellings() -> dict[str, str]:
    whole = emoji.STATUS["fully_qualified"]
    return {each.replace(_VARIATION, ""): each for each, known in emoji.EMOJI_DATA.items() if known["status"] == whole}
